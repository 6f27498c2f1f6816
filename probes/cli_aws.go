package probes

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"time"

	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/history"
)

// awsProgram is what the AWS CLI is called.
const awsProgram = "aws"

// awsCLI is the one that is installed here.
type awsCLI struct {
	path  string
	asks  []string // what a login is asked with beside its session
	homes string   // the folder in which each attempt has its own
}

// findCLI looks at the AWS CLI: version 1 has no "sso login", and before 2.22 it knows device codes alone.
func findCLI(ctx context.Context, flow string) (*awsCLI, error) {
	path, err := exec.LookPath(awsProgram)
	if err != nil {
		return nil, &harness.Lack{Sentence: "a probe needs the program aws, which is not here", Err: err}
	}
	asking := exec.CommandContext(ctx, path, "--version")
	asking.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + os.TempDir(), "LANG=C.UTF-8"}
	said, err := asking.Output()
	var major, minor int
	if _, failed := fmt.Sscanf(string(said), "aws-cli/%d.%d", &major, &minor); err != nil || failed != nil {
		return nil, &harness.Lack{Sentence: path + " doesn't say which version of the AWS CLI it is",
			Err: errors.Join(err, failed)}
	}
	const pkceSince = 22
	c := &awsCLI{path: path, asks: []string{"--no-browser"}}
	switch newer := minor >= pkceSince || major > 2; {
	case major < 2:
		return nil, &harness.Lack{Sentence: fmt.Sprintf("%s is version %d.%d of the AWS CLI, and sso login is of version 2",
			path, major, minor)}
	case flow == flowPKCE && !newer:
		return nil, &harness.Lack{Sentence: fmt.Sprintf("%s is version %d.%d of the AWS CLI, and flow: pkce needs 2.22; "+
			"set flow to device_code", path, major, minor)}
	case flow != flowPKCE && newer:
		c.asks = append(c.asks, "--use-device-code")
	}
	c.homes, err = os.MkdirTemp("", "regiondrill-aws-")
	return c, err
}

func (c *awsCLI) close() error { return os.RemoveAll(c.homes) }

// try logs in at home and, where the person steers, in the other Region, each by the profile that is called as the
// Region is.
func (c *awsCLI) try(ctx context.Context, u *person, s harness.Steer) error {
	home, err := os.MkdirTemp(c.homes, "attempt-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(home) //nolint:errcheck // close removes what is left
	env, err := placeEnv(u.world, u.a, home)
	if err != nil {
		return err
	}
	in := shell{person: u, cli: c, env: append(env, "PYTHONUNBUFFERED=1", "AWS_MAX_ATTEMPTS=1", "AWS_PAGER=")}
	u.steer(ctx, s, func(ctx context.Context) *failure { return in.worksIn(ctx, u.a.Home) },
		func(ctx context.Context) *failure { return in.worksIn(ctx, s.To) })
	return nil
}

// shell is where a person runs the AWS CLI.
type shell struct {
	*person
	cli *awsCLI
	env []string
}

// worksIn logs in to a Region, and asks STS who that is.
func (s *shell) worksIn(ctx context.Context, region string) *failure {
	if failed := s.logIn(ctx, region); failed != nil {
		return failed
	}
	began := time.Now()
	told, failed := s.runs(ctx, nil, "sts", "get-caller-identity", "--profile", region, "--output", "json")
	s.noted(history.StepCallerIdentity, region, began)
	if failed != nil {
		return failed
	}
	var who struct{ Account, Arn string }
	if err := json.Unmarshal(told.out, &who); err != nil || who.Account != s.a.Person.Account ||
		!strings.HasSuffix(who.Arn, "/"+s.a.Person.UserName) {
		return &failure{history.ClassWrongContent, "STS takes the credentials for somebody else's"}
	}
	s.region = region
	return nil
}

// noted is a step that a program made.
func (s *shell) noted(name, region string, began time.Time) {
	s.a.Steps = append(s.a.Steps, harness.Step{Name: name, Region: region, Began: began, Ended: time.Now()})
}

// logIn runs "aws sso login", opens the page that it tells of and allows it there, while it waits. One that sends the
// browser back to itself is told so.
func (s *shell) logIn(ctx context.Context, region string) *failure {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	page := &pageOf{found: make(chan string, 1)}
	ended := make(chan *failure, 1)
	began := time.Now()
	go func() {
		_, failed := s.runs(ctx, page, append([]string{"sso", "login", "--sso-session", region}, s.cli.asks...)...)
		ended <- failed
	}()
	var failed *failure
	select {
	case failed = <-ended:
	case at := <-page.found:
		if failed = s.allowsFor(ctx, at); failed == nil {
			failed = <-ended
		} else {
			cancel()
			<-ended
		}
	}
	s.noted(history.StepToken, region, began)
	return failed
}

// allowsFor lets the person allow it on a page, and brings the browser back to the program where that waits for it.
func (s *shell) allowsFor(ctx context.Context, at string) *failure {
	back, failed := s.allows(ctx, at)
	if failed != nil || back == "" {
		return failed
	}
	to, err := url.Parse(back)
	if err != nil || to.Scheme != "http" || to.Hostname() != "127.0.0.1" {
		return &failure{history.ClassWrongContent, "the browser isn't sent back to the AWS CLI"}
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, back, nil)
	if err != nil {
		return &failure{history.ClassWrongContent, "the browser isn't sent back to the AWS CLI"}
	}
	resp, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(req) // on this machine, by no door
	if err != nil {
		return &failure{history.ClassProgram, "the AWS CLI doesn't wait for the browser any more"}
	}
	return closing(resp)
}

func closing(resp *http.Response) *failure {
	if err := resp.Body.Close(); err != nil {
		return &failure{history.ClassProgram, "the AWS CLI broke the connection of the browser"}
	}
	return nil
}

// pageOf finds the page that a login tells of: that of a device with the code in it, or of the authorize endpoint.
type pageOf struct {
	said  []byte
	found chan string
	once  bool
}

var loginPage = regexp.MustCompile(`https://\S+[?&](?:user_code|code_challenge)=\S+\s`)

// Write takes in what the login says.
func (p *pageOf) Write(b []byte) (int, error) {
	if p.once {
		return len(b), nil
	}
	p.said = append(p.said, b...)
	if at := loginPage.Find(p.said); at != nil {
		p.once = true
		p.found <- string(bytes.TrimSpace(at))
	}
	return len(b), nil
}

// runs runs the AWS CLI.
func (s *shell) runs(ctx context.Context, also *pageOf, args ...string) (said, *failure) {
	program := &program{command: append([]string{s.cli.path}, args...), env: s.env}
	if also != nil {
		program.also = also
	}
	told, err := program.run(ctx)
	switch {
	case err != nil && ctx.Err() != nil:
		return told, &failure{history.ClassTimeout, "the AWS CLI did not end in time"}
	case err != nil:
		return told, &failure{history.ClassHarness, harmless(err.Error(), s.a.Person)}
	case told.code != 0:
		return told, s.complains(told)
	}
	return told, nil
}

// complaints are what the AWS CLI says of its troubles, by what there is in it.
var complaints = []struct {
	part  string
	class history.Class
}{
	{"SlowDownException", history.ClassThrottled}, {"TooManyRequestsException", history.ClassThrottled},
	{"ThrottlingException", history.ClassThrottled},
	{"InternalServer", history.ClassHTTP5xx}, {"ServiceUnavailable", history.ClassHTTP5xx},
	{"An error occurred (", history.ClassHTTP4xx}, {"has expired or is otherwise invalid", history.ClassHTTP4xx},
	{"SSL", history.ClassTLS}, {"timeout", history.ClassTimeout}, {"timed out", history.ClassTimeout},
	{"Failed to connect to proxy", history.ClassRefused}, {"Could not connect to the endpoint", history.ClassRefused},
	{"Connection was closed", history.ClassReset}, {"reset by peer", history.ClassReset},
}

// complains is what the AWS CLI has said last, in one line.
func (s *shell) complains(told said) *failure {
	line := lastLine(told.wrong)
	for _, c := range complaints {
		if bytes.Contains(line, []byte(c.part)) {
			return &failure{c.class, harmless("the AWS CLI says: "+string(line), s.a.Person)}
		}
	}
	return &failure{history.ClassProgram, harmless(fmt.Sprintf("the AWS CLI exited with %d: %s", told.code, line),
		s.a.Person)}
}
