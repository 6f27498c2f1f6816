package lab_test

import (
	"context"
	"fmt"
	"net/http"
	"runtime"
	"testing"

	"github.com/regiondrill/regiondrill/harness/lab"
	"github.com/regiondrill/regiondrill/harness/system"
)

// *testing.T is a TB as it is.
var _ lab.TB = (*testing.T)(nil)

// inner is a test within a test. Its context ends before its clean-up, as a test's does.
type inner struct {
	ctx            context.Context
	cleanups       []func()
	failed, fatals []string
}

func (t *inner) Helper()                      {}
func (t *inner) Context() context.Context     { return t.ctx }
func (t *inner) Cleanup(f func())             { t.cleanups = append(t.cleanups, f) }
func (t *inner) Errorf(f string, args ...any) { t.failed = append(t.failed, fmt.Sprintf(f, args...)) }
func (t *inner) Fatalf(f string, args ...any) {
	t.fatals = append(t.fatals, fmt.Sprintf(f, args...))
	runtime.Goexit()
}

// run runs a body as a test is run.
func (t *inner) run(ctx context.Context, body func()) {
	var cancel context.CancelFunc
	t.ctx, cancel = context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		body()
	}()
	<-ended
	cancel()
	for _, f := range t.cleanups {
		f()
	}
}

func TestStartTestTakesTheLabDown(t *testing.T) {
	var stood *lab.Lab
	within := &inner{}
	dashboard := func(ctx context.Context) error {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, stood.System.Dashboard, nil)
		if err != nil {
			return err
		}
		response, err := stood.Client("us-east-1").Do(request)
		if err != nil {
			return err
		}
		return response.Body.Close()
	}
	within.run(t.Context(), func() {
		stood = lab.StartTest(within, topology())
		if err := dashboard(within.ctx); err != nil {
			t.Errorf("while the test runs: %v", err)
		}
	})
	if len(within.failed)+len(within.fatals) > 0 {
		t.Errorf("it fails the test: %q %q", within.failed, within.fatals)
	}
	if err := dashboard(t.Context()); err == nil {
		t.Error("the lab stands after the test has ended")
	}
}

func TestStartTestFailsTheTest(t *testing.T) {
	wrong := topology()
	wrong.KMS.Backend, wrong.KMS.URL = system.KMSEndpoint, "no URL"
	within, went := &inner{}, false
	within.run(t.Context(), func() {
		lab.StartTest(within, wrong)
		went = true
	})
	const want = `starting the lab: asking KMS at "no URL": it is no http or https URL`
	if len(within.fatals) != 1 || within.fatals[0] != want || went || len(within.failed) > 0 {
		t.Errorf("it says %q and %q, and the test goes on: %v", within.fatals, within.failed, went)
	}
}
