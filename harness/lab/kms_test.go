package lab_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awskms "github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"

	"github.com/regiondrill/regiondrill/fakes/kms"
	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/analysis"
	"github.com/regiondrill/regiondrill/harness/catalog"
	"github.com/regiondrill/regiondrill/harness/checks"
	"github.com/regiondrill/regiondrill/harness/engine"
	"github.com/regiondrill/regiondrill/harness/heartbeat"
	"github.com/regiondrill/regiondrill/harness/history"
	"github.com/regiondrill/regiondrill/harness/lab"
	"github.com/regiondrill/regiondrill/harness/names"
	"github.com/regiondrill/regiondrill/harness/race"
	"github.com/regiondrill/regiondrill/harness/rollback"
	"github.com/regiondrill/regiondrill/harness/scenario"
	"github.com/regiondrill/regiondrill/harness/system"
	"github.com/regiondrill/regiondrill/harness/verdict"
	"github.com/regiondrill/regiondrill/scenarios"
)

// up starts a lab that goes down with the test.
func up(t *testing.T, top harness.Topology) *lab.Lab {
	t.Helper()
	back := &rollback.Stack{}
	t.Cleanup(func() {
		if err := back.Unwind(context.Background()); err != nil {
			t.Error(err)
		}
	})
	l, err := lab.Start(t.Context(), top, back)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// ireland is a rule on KMS in Ireland.
func ireland(operation string) harness.Rule {
	return harness.Rule{Name: "it", Calls: &harness.Calls{Region: "eu-west-1", Service: "kms", Operation: operation},
		Edges: []harness.Edge{{From: "eu-west-1", To: "eu-west-1"}}}
}

// An unmodified SDK takes what a rule says for AWS's own word: its error types, and its patience, which costs so many
// attempts.
func TestSDKSeesTheRules(t *testing.T) {
	cases := []struct {
		answer   harness.Answer
		typed    func(error) bool
		attempts int
	}{
		{harness.Answer{Fail: true}, is[*types.KMSInternalException], 3},
		{harness.Answer{Fail: true, Code: "KeyUnavailableException"}, is[*types.KeyUnavailableException], 3},
		{harness.Answer{Fail: true, Status: 503}, is[*types.DependencyTimeoutException], 3},
		{harness.Answer{Fail: true, Code: "DisabledException"}, is[*types.DisabledException], 1},
		{harness.Answer{Throttle: true}, func(err error) bool { return strings.Contains(err.Error(), "api error ThrottlingException") }, 3},
	}
	for _, c := range cases {
		t.Run(fmt.Sprint(c.answer.Status, c.answer.Code, c.answer.Throttle), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := up(t, topology())
				rule := ireland("DescribeKey")
				c.answer.Odds = 1
				rule.Effect.Answer = c.answer
				client, tries := sdkFrom(t, l, "new-york")
				laid, err := l.System.Network.Lay(t.Context(), rule)
				if err != nil {
					t.Fatal(err)
				}
				_, err = client.DescribeKey(t.Context(), &awskms.DescribeKeyInput{KeyId: aws.String(l.Keys["eu-west-1"])})
				if err == nil || !c.typed(err) || *tries != c.attempts {
					t.Errorf("after %d attempts: %v", *tries, err)
				}
				laid.Lift()
				_, err = client.DescribeKey(t.Context(), &awskms.DescribeKeyInput{KeyId: aws.String(l.Keys["eu-west-1"])})
				if err == nil || c.typed(err) {
					t.Errorf("after the rule was lifted: %v", err) // this key id is nobody's
				}
			})
		})
	}
}

func is[E error](err error) bool { _, ok := errors.AsType[E](err); return ok }

// counting counts the requests that a client makes.
type counting struct {
	http.RoundTripper
	n int
}

func (c *counting) RoundTrip(r *http.Request) (*http.Response, error) {
	c.n++
	return c.RoundTripper.RoundTrip(r)
}

func sdkFrom(t *testing.T, l *lab.Lab, place string) (*awskms.Client, *int) {
	t.Helper()
	transport := &http.Transport{
		DialContext:     func(ctx context.Context, _, addr string) (net.Conn, error) { return l.Fabric.Dial(ctx, place, addr) },
		TLSClientConfig: &tls.Config{RootCAs: l.System.Roots},
	}
	t.Cleanup(transport.CloseIdleConnections)
	counter := &counting{RoundTripper: transport}
	return awskms.New(awskms.Options{Region: "eu-west-1", HTTPClient: &http.Client{Transport: counter},
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "AKIANOBODY", SecretAccessKey: "x"}, nil
		})}), &counter.n
}

// The AWS CLI as it comes, through the door.
func TestCLISeesTheRules(t *testing.T) {
	program := awsCLI(t)
	t.Parallel()
	l := up(t, topology())
	rule := ireland("")
	rule.Effect.Answer = harness.Answer{Fail: true, Odds: 1}
	laid, err := l.System.Network.Lay(t.Context(), rule)
	if err != nil {
		t.Fatal(err)
	}
	defer laid.Lift()
	run := inShell(t, l, program, "AKIANOBODY", "x")
	said, err := run("--region", "eu-west-1", "kms", "describe-key", "--key-id", l.Keys["eu-west-1"])
	if err == nil || !strings.Contains(said, "(KMSInternalException)") {
		t.Errorf("it says %s (%v)", said, err)
	}
}

// endpoint is KMS of all Regions at one URL, which tells them by the name that it is asked by.
func endpoint(t *testing.T) (*kms.Service, string) {
	t.Helper()
	service := kms.New(system.NewDesign(topology()).KMS(), kms.Deps{})
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for _, region := range topology().Regions() {
			if r.Host == names.KMSHost(region) {
				service.Handler(region).ServeHTTP(w, r)
				return
			}
		}
		http.Error(w, "no such Region", http.StatusNotFound)
	}))
	t.Cleanup(s.Close)
	return service, s.URL
}

type written struct{ bytes.Buffer }

func (*written) Sync() error { return nil }

// The key at an endpoint outlives the run, so it is scheduled for deletion by the way back, or by whoever finds its
// intent; other keys are left alone.
func TestKeyAtAnEndpoint(t *testing.T) {
	for _, killed := range []bool{false, true} {
		t.Run(fmt.Sprint("killed ", killed), func(t *testing.T) {
			service, url := endpoint(t)
			other, err := service.CreateKey("eu-west-1", "")
			if err != nil {
				t.Fatal(err)
			}
			top := topology()
			top.KMS = harness.KMSSettings{Backend: system.KMSEndpoint, URL: url}
			journal := &written{}
			back := &rollback.Stack{Journal: journal}
			l, err := lab.Start(t.Context(), top, back)
			if err != nil {
				t.Fatal(err)
			}
			signIn(t, l, open(t, l, "fresh"), 0)
			pending, err := rollback.Pending(bytes.NewReader(journal.Bytes()))
			if err != nil || len(pending) != 1 {
				t.Fatalf("pending are %v, %v", pending, err)
			}
			if killed {
				for i := range 2 {
					ctx, nothing := rollback.Found(t.Context())
					if err := system.Undoers()[pending[0].Kind](ctx, pending[0].Args); err != nil || nothing() != (i > 0) {
						t.Errorf("time %d: it found nothing: %t, %v", i, nothing(), err)
					}
				}
			}
			var listed []string
			if err := back.Unwind(rollback.Telling(t.Context(), func(said string) { listed = append(listed, said) })); err != nil {
				t.Error(err)
			}
			// In each Region the run's and the throw-away one, which was pending deletion in one of them.
			if len(listed) != 1 || strings.Count(listed[0], "arn:aws:kms:") != 4 || strings.Contains(listed[0], other) {
				t.Errorf("it lists %q", listed)
			}
			for region, arn := range l.Keys {
				if !strings.Contains(listed[0], arn) {
					t.Errorf("it doesn't list %s", arn)
				}
				id := arn[strings.LastIndex(arn, "/")+1:]
				if !strings.HasPrefix(id, "mrk-") {
					t.Errorf("%s is no multi-Region key", id)
				}
				if state, err := service.State(region, id); err != nil || state != kms.PendingDeletion && state != kms.PendingReplicaDeletion {
					t.Errorf("in %s its state is %s, %v", region, state, err)
				}
			}
			if state, err := service.State("eu-west-1", other); err != nil || state != kms.Enabled {
				t.Errorf("somebody else's key is %s, %v", state, err)
			}
		})
	}
}

// Nobody at the endpoint: a sentence, and nothing to undo.
func TestEndpointThatIsNotThere(t *testing.T) {
	top := topology()
	top.KMS = harness.KMSSettings{Backend: system.KMSEndpoint, URL: "http://127.0.0.1:1"}
	journal := &written{}
	back := &rollback.Stack{Journal: journal}
	_, err := lab.Start(t.Context(), top, back)
	if _, ok := errors.AsType[*harness.Lack](err); !ok {
		t.Errorf("it says %v", err)
	}
	if err := back.Unwind(t.Context()); err != nil || journal.Len() > 0 {
		t.Errorf("unwinding: %v; written was %s", err, journal)
	}
}

// short is what becomes of the shipped drill in so little time that it still means the same.
func short(t *testing.T, sets ...string) *verdict.Verdict {
	t.Helper()
	return ran(t, shortPlan(t, sets...), engine.RunOptions{})
}

func ran(t *testing.T, plan *engine.Plan, opts engine.RunOptions) *verdict.Verdict {
	t.Helper()
	h := &history.History{}
	opts.Sink = (*memory)(h)
	if err := plan.Run(t.Context(), opts); err != nil {
		t.Fatal(err)
	}
	return conclude(t, h)
}

func shortPlan(t *testing.T, sets ...string) *engine.Plan {
	t.Helper()
	data, err := scenarios.FS.ReadFile("kms-down-in-eu.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var parsed []scenario.Set
	for _, text := range append([]string{"warm_up=1s", "settle=6s", "faults.0.at=1s", "faults.0.for=6s",
		"checks.0.within=4s", "checks.1.within=2s", "checks.0.sustained={for: 1s}", "probes.ireland.steer.after=1s", "probes.ireland.every=300ms", "probes.ireland-stays.every=300ms", "probes.virginia.every=200ms"}, sets...) {
		set, err := scenario.ParseSet(text)
		if err != nil {
			t.Fatal(err)
		}
		parsed = append(parsed, set)
	}
	c := catalog.Default()
	_, plan, err := c.Read(bytes.NewReader(data), "kms-down-in-eu.yaml", parsed, engine.Options{Target: c.Targets[0]})
	if err != nil {
		t.Fatal(err)
	}
	return plan
}

// telling is what a verdict says but for times: what was found, of whom, and who saw what.
func telling(v *verdict.Verdict) []string {
	said := []string{"grade " + string(v.Grade), "valid " + string(v.Validity.Grade)}
	for _, f := range v.Findings {
		said = append(said, f.Name+": "+string(f.Grade))
	}
	for _, r := range v.Recoveries {
		said = append(said, fmt.Sprintf("%s ended by %s in %s", r.Probe, r.EndedBy, r.RecoveredIn))
	}
	for _, w := range v.Windows {
		classes := []string{}
		for class := range w.Classes {
			classes = append(classes, class)
		}
		slices.Sort(classes)
		said = append(said, fmt.Sprintf("%s in %s: all good %t, classes %v", w.Probe, w.Window, w.Good == w.Attempts, classes))
	}
	return said
}

// What is found when Ireland's KMS is down: its people read AWS's page and get in through Virginia, those who know no
// other address are back when it ends, and Virginia's notice nothing.
var found = []string{
	"grade pass", "valid pass",
	"recovery of ireland from ireland-kms-down: pass",
	"failback of ireland after ireland-kms-down: pass",
	"availability of ireland-stays during ireland-kms-down: pass",
	"availability of virginia during ireland-kms-down: pass",
	"latency of virginia during ireland-kms-down: pass",
	"ireland ended by failover in us-east-1",
	"ireland-stays ended by heal in eu-west-1",
	"virginia ended by none in us-east-1",
	"ireland in baseline: all good true, classes []",
	"ireland in fault: all good true, classes []",
	"ireland in after: all good true, classes []",
	"ireland-stays in baseline: all good true, classes []",
	"ireland-stays in fault: all good false, classes [acs_rejected]",
	"ireland-stays in after: all good true, classes []",
	"virginia in baseline: all good true, classes []",
	"virginia in fault: all good true, classes []",
	"virginia in after: all good true, classes []",
}

func TestKMSDownInEU(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		if got := telling(short(t)); !slices.Equal(got, found) {
			t.Errorf("found was\n%s", strings.Join(got, "\n"))
		}
	})
}

// The same with moto, somebody else's idea of KMS, behind the same names.
func TestKMSDownInEUWithMoto(t *testing.T) {
	program, err := exec.LookPath("moto_server")
	if err != nil || testing.Short() {
		t.Skip("moto_server is not installed here (pip install 'moto[server]'), or -short was given")
	}
	if race.Detector { // ten times as slow, beside other packages its people can't all be served in real time
		t.Skip("it is drilled without the race detector: make test-real")
	}
	url := moto(t, program)
	// Limits that only a standstill misses: what is compared is who was told what, and got in where.
	plan := shortPlan(t, "system.kms={backend: endpoint, url: \""+url+"\"}", "checks.4.p95=5s")
	v := ran(t, plan, engine.RunOptions{Heartbeat: heartbeat.Start})
	if v.Validity.Grade != verdict.Pass {
		t.Skipf("this machine is too busy to tell: %q", v.Validity.Notes)
	}
	untimed := func(said []string) []string { // a slow answer is an interruption too
		return slices.DeleteFunc(slices.Clone(said), func(s string) bool { return strings.HasPrefix(s, "virginia ended") })
	}
	if got := untimed(telling(v)); !slices.Equal(got, untimed(found)) {
		t.Errorf("found was\n%s", strings.Join(got, "\n"))
	}
}

// moto starts a server on loopback and tells its URL, which it prints once it listens.
func moto(t *testing.T, program string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	t.Cleanup(cancel)
	cmd := exec.CommandContext(ctx, program, "-H", "127.0.0.1", "-p", "0")
	cmd.WaitDelay = 5 * time.Second
	out, in, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdout, cmd.Stderr = in, in
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cancel(); _ = cmd.Wait(); _ = out.Close() })
	_ = in.Close()
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if _, url, told := strings.Cut(lines.Text(), "Running on "); told {
			go func() { _, _ = io.Copy(io.Discard, out) }()
			return strings.TrimSpace(url)
		}
	}
	t.Skip("moto_server did not start here")
	return ""
}

func conclude(t *testing.T, h *history.History) *verdict.Verdict {
	t.Helper()
	v, err := analysis.Conclude(h, checks.Table())
	if err != nil {
		t.Fatal(err)
	}
	return v
}
