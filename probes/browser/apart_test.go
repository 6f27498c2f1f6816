package browser_test

import (
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/history"
)

// A browser that has a network of its own doesn't notice that the machine's changes, and people sign in and meet faults
// on it as on the machine's.
func TestBrowserApart(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root can give a browser a network of its own")
	}
	ip, err := exec.LookPath("ip")
	if err != nil {
		t.Skip("there is no ip(8) to change the machine's network with")
	}
	sys, probe := inLab(t, harness.BookmarkSteer{}, "us-east-1", "eu-west-1")
	change := func(words ...string) {
		if out, err := exec.CommandContext(t.Context(), ip, words...).CombinedOutput(); err != nil {
			t.Skipf("ip %v: %v, %s", words, err, out)
		}
	}
	const link = "rdapart0"
	a := tried(t, sys, probe, "us-east-1", 0, 20*time.Second)
	if a.Outcome != history.Good {
		t.Fatalf("%s %s %s", a.Outcome, a.Class, a.Detail)
	}
	lift := lay(t, sys, "blackhole")
	held := make(chan *harness.Attempt)
	go func() { held <- tried(t, sys, probe, "us-east-1", 1, 20*time.Second) }()
	change("link", "add", link, "type", "bridge")
	t.Cleanup(func() { _ = exec.Command(ip, "link", "del", link).Run() })
	change("link", "set", link, "up")
	for range 100 { // some while the request is held
		change("addr", "add", "192.0.2.77/24", "dev", link)
		change("addr", "del", "192.0.2.77/24", "dev", link)
	}
	lift()
	if a := <-held; a.Outcome != history.Good {
		t.Errorf("after the machine's network changed: %s %s %s", a.Outcome, a.Class, a.Detail)
	}
	refuse := lay(t, sys, "refuse")
	defer refuse()
	if a := tried(t, sys, probe, "us-east-1", 2, 20*time.Second); a.Class != history.ClassRefused {
		t.Errorf("a refused door is told as %s %s %s", a.Outcome, a.Class, a.Detail)
	}
}
