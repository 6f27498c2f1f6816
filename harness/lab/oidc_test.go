package lab_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssooidc"
	"github.com/aws/aws-sdk-go-v2/service/ssooidc/types"

	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/lab"
	"github.com/regiondrill/regiondrill/harness/system"
)

// An unmodified SDK takes what a rule says on OIDC for AWS's own word.
func TestOIDCSDKSeesTheRules(t *testing.T) {
	for _, c := range []struct {
		answer   harness.Answer
		typed    func(error) bool
		attempts int
	}{
		{harness.Answer{Fail: true}, is[*types.InternalServerException], 3},
		{harness.Answer{Throttle: true}, is[*types.SlowDownException], 1},
		{harness.Answer{Fail: true, Code: "InvalidClientException"}, is[*types.InvalidClientException], 1},
		{harness.Answer{}, is[*types.InvalidRequestException], 1}, // the Region's own: it knows no such portal
	} {
		synctest.Test(t, func(t *testing.T) {
			l := up(t, topology())
			c.answer.Odds = 1
			transport := &http.Transport{
				DialContext: func(ctx context.Context, _, addr string) (net.Conn, error) {
					return l.Fabric.Dial(ctx, "new-york", addr)
				},
				TLSClientConfig: &tls.Config{RootCAs: l.System.Roots},
			}
			t.Cleanup(transport.CloseIdleConnections)
			counter := &counting{RoundTripper: transport}
			client := ssooidc.New(ssooidc.Options{Region: "eu-west-1", HTTPClient: &http.Client{Transport: counter}})
			if c.answer.Fail || c.answer.Throttle {
				rule := ireland("RegisterClient")
				rule.Calls.Service, rule.Effect.Answer = "oidc", c.answer
				laid, err := l.System.Network.Lay(t.Context(), rule)
				if err != nil {
					t.Fatal(err)
				}
				defer laid.Lift()
			}
			_, err := client.RegisterClient(t.Context(), &ssooidc.RegisterClientInput{
				ClientName: aws.String("x"), ClientType: aws.String("public"),
				IssuerUrl: aws.String("https://else.awsapps.com/start"),
			})
			if err == nil || !c.typed(err) || counter.n != c.attempts {
				t.Errorf("%+v: after %d attempts: %v", c.answer, counter.n, err)
			}
		})
	}
}

// terminal is where a person runs the AWS CLI.
type terminal struct {
	t       *testing.T
	program string
	version string
	home    string
	env     []string
}

// newTerminal is skipped where no AWS CLI is installed; of several, newest says which is wanted.
func newTerminal(t *testing.T, l *lab.Lab, major string) *terminal {
	t.Helper()
	if testing.Short() {
		t.Skip("-short was given")
	}
	term := &terminal{t: t}
	for _, candidate := range []string{os.Getenv("REGIONDRILL_AWS_CLI"), "aws", "/usr/local/bin/aws", "/usr/bin/aws"} {
		if program, err := exec.LookPath(candidate); err == nil {
			said, err := exec.CommandContext(t.Context(), program, "--version").Output()
			version, ours := strings.CutPrefix(string(said), "aws-cli/")
			if err == nil && ours && strings.HasPrefix(version, major) {
				term.program, term.version = program, version
				break
			}
		}
	}
	if term.program == "" {
		t.Skipf("no AWS CLI %s is installed here", major)
	}
	door, err := l.System.Door(l.System.Place("new-york"))
	if err != nil {
		t.Fatal(err)
	}
	home := t.TempDir()
	term.home = home
	if err := os.WriteFile(filepath.Join(home, "ca.pem"), l.System.RootPEM, 0o600); err != nil {
		t.Fatal(err)
	}
	term.env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + home, "HTTPS_PROXY=" + door.String(), "PYTHONUNBUFFERED=1",
		"AWS_CA_BUNDLE=" + filepath.Join(home, "ca.pem"), "AWS_EC2_METADATA_DISABLED=true",
		"AWS_CONFIG_FILE=" + filepath.Join(home, "config")}
	return term
}

func (term *terminal) command(args ...string) *exec.Cmd {
	ctx, cancel := context.WithTimeout(term.t.Context(), 2*time.Minute)
	term.t.Cleanup(cancel)
	cmd := exec.CommandContext(ctx, term.program, args...)
	cmd.Env = term.env
	return cmd
}

// run reads what a command prints as JSON; its error is what it says.
func (term *terminal) run(into any, args ...string) error {
	term.t.Helper()
	cmd := term.command(args...)
	var said, wrong bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &wrong
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%w: %s", err, wrong.Bytes())
	}
	return json.Unmarshal(said.Bytes(), into)
}

func (term *terminal) must(into any, args ...string) {
	term.t.Helper()
	if err := term.run(into, args...); err != nil {
		term.t.Fatalf("%s: %v", strings.Join(args[:2], " "), err)
	}
}

// An AWS CLI that has no login of its own does what one with it does, a command each.
func TestCLIAuthorizes(t *testing.T) {
	t.Parallel()
	l := up(t, topology())
	term, who := newTerminal(t, l, ""), l.System.People[3]
	term.configure("[default]\ncli_follow_urlparam = false\n") // the first major version would read the start URL's page
	const region = "eu-west-1"
	run := func(into any, args ...string) {
		t.Helper()
		term.must(into, append(args, "--region", region, "--output", "json", "--no-sign-request")...)
	}
	var client struct{ ClientID, ClientSecret string }
	run(&client, "sso-oidc", "register-client", "--client-name", "lab", "--client-type", "public", "--scopes",
		"sso:account:access")
	var asked struct{ DeviceCode, VerificationURIComplete string }
	run(&asked, "sso-oidc", "start-device-authorization", "--client-id", client.ClientID, "--client-secret",
		client.ClientSecret,
		"--start-url", l.System.Portal(region))
	ask := []string{"sso-oidc", "create-token", "--client-id", client.ClientID, "--client-secret", client.ClientSecret,
		"--grant-type",
		"urn:ietf:params:oauth:grant-type:device_code", "--device-code", asked.DeviceCode}
	var token struct{ AccessToken, RefreshToken string }
	pending := term.run(&token, append(ask, "--region", region, "--no-sign-request")...)
	if pending == nil || !strings.Contains(pending.Error(), "(AuthorizationPendingException)") {
		t.Errorf("before anybody has allowed it: %v", pending)
	}
	h := newHuman(t, l, who)
	h.presses(h.opens(asked.VerificationURIComplete), "confirm", "allow")
	run(&token, ask...)
	var list struct{ AccountList []struct{ AccountID string } }
	run(&list, "sso", "list-accounts", "--access-token", token.AccessToken)
	if token.RefreshToken == "" || len(list.AccountList) == 0 {
		t.Errorf("refresh token %t, %d accounts", token.RefreshToken != "", len(list.AccountList))
	}
	abroad := term.run(&list, "sso", "list-accounts", "--access-token", token.AccessToken, "--region", "us-east-1",
		"--no-sign-request")
	if abroad == nil || !strings.Contains(abroad.Error(), "Session token not found or invalid") {
		t.Errorf("in the other Region: %v", abroad)
	}
}

// loginURL is what a person is to open, with the code where the CLI tells it apart.
var loginURL = regexp.MustCompile(`https://\S+`)

// The AWS CLI logs in as it comes, in each Region, and STS says who it is then.
func TestCLILogsIn(t *testing.T) {
	t.Parallel()
	l := up(t, topology())
	term, who := newTerminal(t, l, "2."), l.System.People[3]
	roles := system.NewDesign(topology()).Directory.Roles(who.UserName, who.Account)
	var config strings.Builder
	for _, region := range []string{"us-east-1", "eu-west-1"} {
		fmt.Fprintf(&config,
			"[sso-session %[1]s]\nsso_start_url = %[2]s\nsso_region = %[1]s\nsso_registration_scopes = sso:account:access\n"+
				"[profile %[1]s]\nsso_session = %[1]s\nsso_account_id = %[3]s\nsso_role_name = %[4]s\nregion = %[1]s\n",
			region, l.System.Portal(region), who.Account, roles[0])
	}
	term.configure(config.String())
	for _, region := range []string{"us-east-1", "eu-west-1"} {
		term.logIn(newHuman(t, l, who), "sso", "login", "--sso-session", region, "--no-browser")
		var caller struct{ Arn, Account string }
		term.must(&caller, "sts", "get-caller-identity", "--profile", region, "--output", "json")
		if caller.Account != who.Account || !strings.HasSuffix(caller.Arn, "/"+who.UserName) {
			t.Errorf("in %s it is %+v", region, caller)
		}
	}
	// Who only changes the Region of a session comes there with a token that is nothing there, once the credentials that
	// it was good for are no longer kept.
	term.configure(strings.Replace(config.String(), "sso_region = us-east-1", "sso_region = eu-west-1", 1))
	if err := os.RemoveAll(filepath.Join(term.home, ".aws", "cli")); err != nil {
		t.Fatal(err)
	}
	moved := term.run(nil, "sts", "get-caller-identity", "--profile", "us-east-1")
	if moved == nil || !strings.Contains(moved.Error(), "has expired or is otherwise invalid") {
		t.Errorf("with the other Region's token: %v", moved)
	}
	t.Logf("with aws-cli/%s", term.version)
}

// configure writes the file that AWS_CONFIG_FILE names.
func (term *terminal) configure(text string) {
	term.t.Helper()
	if err := os.WriteFile(filepath.Join(term.home, "config"), []byte(text), 0o600); err != nil {
		term.t.Fatal(err)
	}
}

// logIn runs a login and lets the person open what it prints.
func (term *terminal) logIn(h *human, args ...string) {
	term.t.Helper()
	cmd := term.command(args...)
	out, err := cmd.StdoutPipe()
	if err != nil {
		term.t.Fatal(err)
	}
	cmd.Stderr = cmd.Stdout
	if err := cmd.Start(); err != nil {
		term.t.Fatal(err)
	}
	var said []byte
	opened := false
	for chunk := make([]byte, 4096); ; {
		n, err := out.Read(chunk)
		said = append(said, chunk[:n]...)
		if !opened {
			opened = h.follows(string(said))
		}
		if err != nil {
			break
		}
	}
	if err := cmd.Wait(); err != nil || !opened {
		term.t.Fatalf("it says %s (%v)", said, err)
	}
}

// follows opens the complete URL of a device page or the one of the authorize endpoint, once it has been printed.
func (h *human) follows(said string) bool {
	h.t.Helper()
	for _, to := range loginURL.FindAllString(said[:strings.LastIndex(said, "\n")+1], -1) {
		if !strings.Contains(to, "user_code=") && !strings.Contains(to, "code_challenge=") {
			continue
		}
		s := h.opens(to)
		if _, device := s.buttons["confirm"]; device {
			s = h.presses(s, "confirm")
		}
		if s = h.presses(s, "allow"); s.status != http.StatusOK {
			h.t.Fatalf("%d %s", s.status, s.text)
		}
		return true
	}
	return false
}
