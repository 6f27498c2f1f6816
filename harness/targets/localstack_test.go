package targets

import (
	"errors"
	"strings"
	"testing"

	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/rollback"
	"github.com/regiondrill/regiondrill/harness/system"
)

// What LocalStack lacks is one sentence, and nothing was done that must be undone.
func TestLocalStackThatCantBe(t *testing.T) {
	for what, c := range map[string]struct {
		host, image, says string
	}{
		"no engine": {"unix:///nowhere/docker.sock", "", "needs Docker"},
		"no image":  {"", "127.0.0.1:1/nobody/localstack:none", "can't be pulled"},
	} {
		t.Run(what, func(t *testing.T) {
			if c.host != "" {
				t.Setenv("DOCKER_HOST", c.host)
			} else if d, err := connect(t.Context()); err != nil {
				t.Skipf("no Docker to pull with: %v", err)
			} else if err := d.Close(); err != nil {
				t.Error(err)
			}
			written := &journal{}
			back := &rollback.Stack{Journal: written}
			top := harness.Topology{Primary: "us-east-1", KMS: harness.KMSSettings{Backend: system.KMSLocalStack, Image: c.image}}
			_, err := newLab().Provision(t.Context(), top, back)
			lack, ok := errors.AsType[*harness.Lack](err)
			if !ok || !strings.Contains(lack.Sentence, c.says) || strings.Contains(lack.Sentence, "\n") {
				t.Errorf("it says %v", err)
			}
			if err := back.Unwind(t.Context()); err != nil || written.Len() > 0 {
				t.Errorf("unwinding: %v; written was %s", err, written)
			}
		})
	}
}
