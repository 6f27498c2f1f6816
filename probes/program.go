package probes

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"time"

	"github.com/regiondrill/regiondrill/harness"
)

// Limits of what is kept of what a program says, in bytes.
const (
	maxSaid  = 64 << 10
	maxWrong = 4 << 10
)

// lingering is how long the output of a program that was killed is still read.
const lingering = time.Second

// program is a program of the user's, as a person runs it at their place. It is given nothing of this process's
// environment but where programs are.
type program struct {
	command   []string
	env       []string
	directory string
	also      io.Writer // gets what it says on its standard output as it says it; nil: nobody does
}

// said is what a program has told. Of more than it may say the end is kept.
type said struct {
	code       int // with which it exited
	out, wrong []byte
}

// run runs it to its end. With ctx it is killed, and so are those that it has started; what it leaves behind when it
// exits is killed too. An error is that it could not be run, or that of ctx.
func (p *program) run(ctx context.Context) (said, error) {
	cmd := exec.CommandContext(ctx, p.command[0], p.command[1:]...)
	cmd.Env, cmd.Dir, cmd.WaitDelay = p.env, p.directory, lingering
	out, wrong := &tail{limit: maxSaid}, &tail{limit: maxWrong}
	cmd.Stdout, cmd.Stderr = out, wrong
	if p.also != nil {
		cmd.Stdout = io.MultiWriter(out, p.also)
	}
	apart(cmd)
	cmd.Cancel = func() error { return killAll(cmd.Process) }
	if err := cmd.Start(); err != nil {
		return said{}, fmt.Errorf("starting %s: %w", filepath.Base(p.command[0]), err)
	}
	err := cmd.Wait()
	_ = killAll(cmd.Process) // as a rule nobody is left
	told := said{cmd.ProcessState.ExitCode(), out.kept, wrong.kept}
	if ctx.Err() != nil {
		return told, ctx.Err()
	}
	if _, exited := errors.AsType[*exec.ExitError](err); err != nil && !exited && !errors.Is(err, exec.ErrWaitDelay) {
		return told, fmt.Errorf("running %s: %w", filepath.Base(p.command[0]), err)
	}
	return told, nil
}

// tail keeps the end of what is written to it.
type tail struct {
	limit int
	kept  []byte
}

// Write never fails.
func (t *tail) Write(b []byte) (int, error) {
	t.kept = append(t.kept, b...)
	if over := len(t.kept) - t.limit; over > 0 {
		t.kept = append(t.kept[:0], t.kept[over:]...)
	}
	return len(b), nil
}

// lastLine is the last line that isn't blank.
func lastLine(text []byte) []byte {
	text = bytes.TrimSpace(text)
	return bytes.TrimSpace(text[bytes.LastIndexByte(text, '\n')+1:])
}

// placeEnv is the environment of a program that a person runs at a place, and whose home is a folder that is its own:
// the door of the place, the CA that is to be trusted, a configuration of AWS's clients with a profile for each Region,
// and who the person is. The password is in a file.
func placeEnv(w *harness.World, a *harness.Attempt, home string) ([]string, error) {
	door, err := w.Door(a.From)
	if err != nil {
		return nil, fmt.Errorf("opening the door of %s: %w", a.From.Name, err)
	}
	ca, config := filepath.Join(home, "ca.pem"), filepath.Join(home, "aws-config")
	password := filepath.Join(home, "password")
	for file, text := range map[string][]byte{ca: w.RootPEM, config: awsConfig(w, a.Person),
		password: []byte(a.Person.Password)} {
		if err := os.WriteFile(file, text, 0o600); err != nil {
			return nil, err
		}
	}
	env := []string{"PATH=" + os.Getenv("PATH"), "HOME=" + home, "TMPDIR=" + home, "LANG=C.UTF-8",
		"HTTPS_PROXY=" + door.String(), "https_proxy=" + door.String(), "NO_PROXY=", "no_proxy=",
		"AWS_CA_BUNDLE=" + ca, "REQUESTS_CA_BUNDLE=" + ca, "SSL_CERT_FILE=" + ca, "CURL_CA_BUNDLE=" + ca,
		"AWS_CONFIG_FILE=" + config, "AWS_SHARED_CREDENTIALS_FILE=" + filepath.Join(home, "aws-credentials"),
		"AWS_REGION=" + a.Home, "AWS_DEFAULT_REGION=" + a.Home, "AWS_EC2_METADATA_DISABLED=true",
		"REGIONDRILL_HOME_REGION=" + a.Home, "REGIONDRILL_FROM=" + a.From.Name,
		"REGIONDRILL_PORTAL=" + w.Portal(a.Home), "REGIONDRILL_DASHBOARD=" + w.Dashboard,
		"REGIONDRILL_USER_NAME=" + a.Person.UserName, "REGIONDRILL_PASSWORD_FILE=" + password,
		"REGIONDRILL_ACCOUNT=" + a.Person.Account, "REGIONDRILL_ROLE=" + a.Person.Role}
	if runtime.GOOS == "windows" {
		for _, name := range []string{"SYSTEMROOT", "PATHEXT"} { // without which little starts there
			env = append(env, name+"="+os.Getenv(name))
		}
		env = append(env, "USERPROFILE="+home, "TEMP="+home, "TMP="+home)
	}
	return env, nil
}

// awsConfig is a configuration of AWS's clients with a session and a profile for each Region, as "aws configure sso"
// writes them.
func awsConfig(w *harness.World, who harness.Person) []byte {
	var b bytes.Buffer
	for _, place := range w.Places {
		if place.Region {
			fmt.Fprintf(&b, "[sso-session %[1]s]\nsso_start_url = %[2]s\nsso_region = %[1]s\n"+
				"sso_registration_scopes = sso:account:access\n\n[profile %[1]s]\nsso_session = %[1]s\n"+
				"sso_account_id = %[3]s\nsso_role_name = %[4]s\nregion = %[1]s\n\n",
				place.Name, w.Portal(place.Name), who.Account, who.Role)
		}
	}
	return b.Bytes()
}

// maxTold bounds what of a program's words goes into the history, in characters.
const maxTold = 200

// redacted stands where a program told a secret.
const redacted = "[redacted]"

// What of a program's words is a secret by its looks: who an address names, what stands behind the name of a secret,
// and what is long and like nothing that people write, as keys, tokens and assertions are.
var (
	inAddress = regexp.MustCompile(`(://)[^\s/@"']+@`)
	named     = regexp.MustCompile(`(?i)((?:password|passwd|secret|token|assertion|samlresponse|api[_-]?key|` +
		`access[_-]?key|cookie|authorization)[a-z_]*["']?\s*[:=]\s*["']?(?:bearer |basic )?|\bbearer )[^\s"',;&]+`)
	opaque = regexp.MustCompile(`[A-Za-z0-9+/_=-]{32,}`)
)

// harmless is what a program says, in one short line and without what only the person may know, or looks like it.
func harmless(text string, who harness.Person) string {
	for _, secret := range []string{who.Password, who.Secret} {
		if secret != "" {
			text = strings.ReplaceAll(text, secret, redacted)
		}
	}
	text = inAddress.ReplaceAllString(text, "${1}"+redacted+"@")
	text = named.ReplaceAllString(text, "${1}"+redacted)
	text = opaque.ReplaceAllStringFunc(text, func(run string) string {
		if strings.ContainsAny(run, "0123456789") && strings.ToLower(run) != run && strings.ToUpper(run) != run {
			return redacted
		}
		return run
	})
	line := []rune(strings.Join(strings.FieldsFunc(text, func(r rune) bool { return r < ' ' || r == 0x7f }), " "))
	return string(line[:min(len(line), maxTold)])
}
