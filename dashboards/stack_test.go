package dashboards_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// A Docker that has no daemon, one without images and a registry, and one where all is well. Each writes down how it
// was called.
const (
	noDaemon   = `case "$1" in compose) exit 0;; version) echo 'Cannot connect to the Docker daemon.' >&2; exit 1;; esac`
	noRegistry = `case "$*" in *up*) echo 'no such host' >&2; exit 1;; image*) exit 1;; esac`
	noPort     = `case "$*" in *up*) echo 'port is already allocated' >&2; exit 1;; esac`
	stands     = `case "$*" in *up*) exit 1;; ps*) echo 0123456789ab;; esac`
	well       = `case "$*" in *port*) echo 127.0.0.1:9091;; esac`
	noCompose  = `[ "$1" != compose ]`
)

// TestMakeCompose tells in one sentence what is missing, and leaves nothing that it did not find.
func TestMakeCompose(t *testing.T) {
	for _, test := range []struct {
		name, docker, do string
		code             int
		says             string
		down             bool
	}{
		{"no Compose", noCompose, "up", 64, "There is no Docker Compose here: install docker-compose-plugin, or Debian's docker-compose.", false},
		{"no daemon", noDaemon, "up", 64, "Docker does not answer: Cannot connect to the Docker daemon. Start it, or join the group docker.", false},
		{"no registry", noRegistry, "up", 1, "a registry must be in reach for what is not on this machine: localstack/localstack:4.14.0@sha256:", true},
		{"a port is taken", noPort, "up", 1, "A port that is taken can be changed: GRAFANA_PORT=3001 make compose-up.", true},
		{"it stands already, and is left standing", stands, "up", 1, "Compose says why above.", false},
		{"up", well, "up", 0, "--push-gateway http://127.0.0.1:9091 ", false},
		{"down", well, "down", 0, "", true},
		{"a word that it doesn't know", well, "sideways", 64, "usage: ", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			out, calls, code := compose(t, test.docker, test.do)
			if code != test.code || !strings.Contains(out, test.says) {
				t.Errorf("exit %d, wanted %d, and %q in:\n%s", code, test.code, test.says, out)
			}
			if got := strings.Contains(calls, "--profile nightly down --volumes --remove-orphans --rmi local"); got != test.down {
				t.Errorf("taken down: %t, of these calls:\n%s", got, calls)
			}
		})
	}
}

// compose runs what make compose-up and compose-down run, with a Docker that is a few lines of shell.
func compose(t *testing.T, docker, do string) (out, calls string, code int) {
	t.Helper()
	dir := t.TempDir()
	for _, program := range []string{"bash", "dirname", "sed"} {
		path, err := exec.LookPath(program)
		if err != nil {
			t.Skipf("there is no %s here, so there is no make either", program)
		}
		if err := os.Symlink(path, filepath.Join(dir, program)); err != nil {
			t.Fatal(err)
		}
	}
	script := "#!" + filepath.Join(dir, "bash") + "\necho \"$*\" >> " + filepath.Join(dir, "calls") + "\n" + docker + "\n"
	if err := os.WriteFile(filepath.Join(dir, "docker"), []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), filepath.Join(dir, "bash"), "../.ci/compose", do)
	cmd.Env = []string{"PATH=" + dir}
	told, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	record, _ := os.ReadFile(filepath.Join(dir, "calls")) // none, if nothing was called
	return string(told), string(record), cmd.ProcessState.ExitCode()
}
