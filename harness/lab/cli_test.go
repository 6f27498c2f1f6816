package lab_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/regiondrill/regiondrill/harness/lab"
)

// awsCLI is where the AWS CLI is; the test is skipped where it isn't installed.
func awsCLI(t *testing.T) string {
	t.Helper()
	program, err := exec.LookPath("aws")
	if err != nil || testing.Short() {
		t.Skip("the AWS CLI is not installed here, or -short was given")
	}
	return program
}

// inShell runs a program as in a shell that goes out by New York's door, with somebody's access key, and tells what it
// says. All that it runs may take a minute together.
func inShell(t *testing.T, l *lab.Lab, program, keyID, secret string) func(args ...string) (string, error) {
	t.Helper()
	door, err := l.System.Door(l.System.Place("new-york"))
	if err != nil {
		t.Fatal(err)
	}
	bundle := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(bundle, l.System.RootPEM, 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	return func(args ...string) (string, error) {
		cmd := exec.CommandContext(ctx, program, args...)
		cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir(), "HTTPS_PROXY=" + door.String(), "AWS_CA_BUNDLE=" + bundle,
			"AWS_ACCESS_KEY_ID=" + keyID, "AWS_SECRET_ACCESS_KEY=" + secret, "AWS_MAX_ATTEMPTS=1", "AWS_EC2_METADATA_DISABLED=true"}
		said, err := cmd.CombinedOutput()
		if ctx.Err() != nil {
			t.Skipf("%s takes more than a minute on this machine", program)
		}
		return string(said), err
	}
}
