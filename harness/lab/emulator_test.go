package lab_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/regiondrill/regiondrill/fakes/kms"
	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/engine"
	"github.com/regiondrill/regiondrill/harness/history"
	"github.com/regiondrill/regiondrill/harness/lab"
	"github.com/regiondrill/regiondrill/harness/names"
	"github.com/regiondrill/regiondrill/harness/rollback"
	"github.com/regiondrill/regiondrill/harness/system"
	"github.com/regiondrill/regiondrill/harness/verdict"
)

// emulator is somebody else's idea of KMS, at one URL for all Regions: the fake of ours, but for what it leaves out.
type emulator struct {
	pages   map[string]string // of itself, by path
	without []string          // operations that it doesn't know
	deaf    []string          // operations that it answers, and doesn't heed
	lax     bool              // it heeds no policy that denies

	mu      sync.Mutex
	service *kms.Service
	before  func(operation string) // told of each call; it may change the emulator, and may block
	asked   map[string]int
}

func newEmulator() *emulator {
	return &emulator{service: kms.New(system.NewDesign(topology()).KMS(), kms.Deps{}), asked: map[string]int{}}
}

// ServeHTTP answers as KMS, or with a page.
func (e *emulator) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if page, ok := e.pages[r.URL.Path]; ok {
		_, _ = io.WriteString(w, page)
		return
	}
	_, operation, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	e.mu.Lock()
	e.asked[operation]++
	before := e.before
	e.mu.Unlock()
	if before != nil {
		before(operation)
	}
	body, _ := io.ReadAll(r.Body)
	r.Body = io.NopCloser(bytes.NewReader(body))
	switch {
	case slices.Contains(e.without, operation):
		w.WriteHeader(http.StatusBadRequest)
		fmt.Fprintf(w, `{"__type": "UnknownOperationException", "message": "there is no %s"}`, operation)
		return
	case slices.Contains(e.deaf, operation), e.lax && operation == "PutKeyPolicy" && strings.Contains(string(body), "Deny"):
		_, _ = io.WriteString(w, "{}")
		return
	}
	for _, region := range topology().Regions() {
		if r.Host == names.KMSHost(region) {
			e.mu.Lock()
			service := e.service
			e.mu.Unlock()
			service.Handler(region).ServeHTTP(w, r)
			return
		}
	}
	http.NotFound(w, r)
}

// start provisions a lab over an emulator.
func start(t *testing.T, url string) (*lab.Lab, error) {
	t.Helper()
	top := topology()
	top.KMS = harness.KMSSettings{Backend: system.KMSEndpoint, URL: url}
	back := &rollback.Stack{}
	t.Cleanup(func() { _ = back.Unwind(context.Background()) })
	return lab.Start(t.Context(), top, back)
}

// What an emulator honours of KMS is tried before the drill, and who it is asked.
func TestEmulatorIsProbed(t *testing.T) {
	all := []string{harness.HonoursReplicas, harness.HonoursPolicies, harness.HonoursDisabled, harness.HonoursDeletion}
	for what, c := range map[string]struct {
		pages map[string]string
		deaf  []string
		want  harness.Backend
		notes int
	}{
		"all": {map[string]string{"/_localstack/health": `{"edition": "community", "version": "4.14.0"}`}, nil,
			harness.Backend{Product: "LocalStack", Version: "4.14.0", Edition: "community", Honours: all}, 0},
		"states": {map[string]string{"/moto-api/": "<title>Moto</title>"}, []string{"DisableKey", "ScheduleKeyDeletion"},
			harness.Backend{Product: "moto", Honours: all[:2], Ignores: all[2:]}, 1},
		"mini": {map[string]string{"/_localstack/health": `{"version": "3"}`,
			"/_ministack/health": `{"version": "1.4"}`}, nil, harness.Backend{Product: "MiniStack", Version: "1.4", Honours: all}, 0},
	} {
		t.Run(what, func(t *testing.T) {
			e := newEmulator()
			e.pages, e.deaf = c.pages, c.deaf
			server := httptest.NewServer(e)
			t.Cleanup(server.Close)
			l, err := start(t, server.URL)
			if err != nil {
				t.Fatal(err)
			}
			got := *l.System.Backend
			c.want.URL = server.URL
			if fmt.Sprint(got) != fmt.Sprint(c.want) || len(l.System.Notes) != c.notes {
				t.Errorf("it is %+v; notes %q", got, l.System.Notes)
			}
			if len(l.System.Rig) != 1 {
				t.Fatalf("the rig is %v", l.System.Rig)
			}
			if err := l.System.Rig[0].Ask(t.Context()); err != nil {
				t.Errorf("the rig: %v", err)
			}
		})
	}
}

// One that answers with errors because a fault of the drill has told it to, by its chaos API, is there.
func TestEmulatorThatIsToldToFail(t *testing.T) {
	e := newEmulator()
	e.pages = map[string]string{"/_localstack/chaos/faults": "[]"}
	server := httptest.NewServer(e)
	t.Cleanup(server.Close)
	l, err := start(t, server.URL)
	if err != nil {
		t.Fatal(err)
	}
	e.without = []string{"DescribeKey"}
	for rules, lost := range map[string]bool{"[]": true, `[{"service": "kms"}]`: false} {
		e.pages["/_localstack/chaos/faults"] = rules
		if err := l.System.Rig[0].Ask(t.Context()); (err != nil) != lost {
			t.Errorf("with the rules %s it is lost: %v", rules, err)
		}
	}
	server.Close()
	if err := l.System.Rig[0].Ask(t.Context()); err == nil || !strings.Contains(err.Error(), "it doesn't answer") {
		t.Errorf("when it is gone: %v", err)
	}
}

// What an emulator lacks that every drill needs is one sentence that names the operation.
func TestEmulatorThatLacks(t *testing.T) {
	secure := httptest.NewTLSServer(newEmulator())
	t.Cleanup(secure.Close)
	plain := httptest.NewServer(newEmulator())
	t.Cleanup(plain.Close)
	none := newEmulator()
	none.without = []string{"ReplicateKey"}
	noReplicas := httptest.NewServer(none)
	t.Cleanup(noReplicas.Close)
	deaf := newEmulator() // so the services have no policy by which they may
	deaf.deaf = []string{"PutKeyPolicy"}
	noPolicies := httptest.NewServer(deaf)
	t.Cleanup(noPolicies.Close)
	other := newEmulator()
	other.without = []string{"ListKeys"}
	noKMS := httptest.NewServer(other)
	t.Cleanup(noKMS.Close)
	for what, c := range map[string]struct {
		url  string
		says []string
	}{
		"nobody":       {"http://127.0.0.1:1", []string{"connection refused", "embedded"}},
		"unknown CA":   {secure.URL, []string{"certificate signed by unknown authority", "SSL_CERT_FILE"}},
		"no TLS":       {strings.Replace(plain.URL, "http", "https", 1), []string{"speaks no TLS"}},
		"no replicas":  {noReplicas.URL, []string{"ReplicateKey", "UnknownOperationException", "embedded"}},
		"no policies":  {noPolicies.URL, []string{"GenerateDataKeyWithoutPlaintext", "AccessDeniedException"}},
		"no KMS there": {noKMS.URL, []string{"ListKeys", "UnknownOperationException"}},
	} {
		t.Run(what, func(t *testing.T) {
			_, err := start(t, c.url)
			lack, ok := errors.AsType[*harness.Lack](err)
			if !ok {
				t.Fatalf("it says %v", err)
			}
			for _, word := range c.says {
				if !strings.Contains(lack.Sentence, word) || strings.Contains(lack.Sentence, "\n") {
					t.Errorf("it says %q, which lacks %q", lack.Sentence, word)
				}
			}
		})
	}
}

// Policies of the scenario's own mean nothing at an emulator that holds nobody to them: what they forget would pass.
func TestOwnPoliciesNeedAnEmulatorThatHeedsThem(t *testing.T) {
	policy := kms.BaselinePolicy("us-east-1", system.NewDesign(topology()).Instance.Account)
	for _, lax := range []bool{false, true} {
		e := newEmulator()
		e.lax = lax
		server := httptest.NewServer(e)
		t.Cleanup(server.Close)
		for _, own := range []harness.KMSSettings{{}, {Policy: policy},
			{Policies: map[string]string{"eu-west-1": policy}}} {
			top := topology()
			top.KMS = own
			top.KMS.Backend, top.KMS.URL = system.KMSEndpoint, server.URL
			back := &rollback.Stack{}
			t.Cleanup(func() { _ = back.Unwind(context.Background()) })
			_, err := lab.Start(t.Context(), top, back)
			lack, lacks := errors.AsType[*harness.Lack](err)
			if lacks != (lax && own.Policy+own.Policies["eu-west-1"] != "") ||
				lacks && !strings.Contains(lack.Sentence, "PutKeyPolicy") {
				t.Errorf("lax: %t, %+v: %v", lax, own, err)
			}
		}
	}
}

// An emulator that dies, starts anew without keys, or says nothing any more is our rig: what is measured then is
// unknown.
func TestEmulatorLostInMidDrill(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes real time, and -short was given")
	}
	for what, c := range map[string]struct {
		lose func(*emulator, *httptest.Server, <-chan struct{})
		says string
	}{
		"dies": {func(_ *emulator, s *httptest.Server, _ <-chan struct{}) {
			_ = s.Listener.Close()
			go s.CloseClientConnections() // which this very call is one of
		}, ""},
		"starts anew": {func(e *emulator, _ *httptest.Server, _ <-chan struct{}) {
			e.mu.Lock()
			defer e.mu.Unlock()
			e.service = kms.New(system.NewDesign(topology()).KMS(), kms.Deps{})
		}, "did it start anew?"},
		"stalls": {func(_ *emulator, _ *httptest.Server, over <-chan struct{}) { <-over }, "deadline exceeded"},
	} {
		t.Run(what, func(t *testing.T) { // one after another: side by side they keep a slow machine from a good warm-up
			v, h := lostInMidDrill(t, c.lose)
			if v.Grade != verdict.Unknown || v.Validity.Grade != verdict.Unknown {
				t.Errorf("the verdict is %s, validity %s", v.Grade, v.Validity.Grade)
			}
			notes := strings.Join(v.Validity.Notes, "\n")
			if !strings.Contains(notes, "KMS, played by KMS at http://127.0.0.1:") || !strings.Contains(notes, c.says) {
				t.Errorf("it says %s", notes)
			}
			if h.Plan.KMS == nil || v.KMS == nil || len(v.KMS.Honours) != len(system.Probed()) {
				t.Errorf("the verdict says of KMS %+v", v.KMS)
			}
		})
	}
}

// seen is told when the loss is written down.
type seen func()

// Record tells it.
func (s seen) Record(e history.Event) error {
	if e.Type == history.Type(history.RigLost) {
		s()
	}
	return nil
}

// lostInMidDrill runs the shipped drill in little time, over an emulator that is lost in the second second.
func lostInMidDrill(
	t *testing.T, lose func(*emulator, *httptest.Server, <-chan struct{}),
) (*verdict.Verdict, *history.History) {
	t.Helper()
	e, over := newEmulator(), make(chan struct{})
	server := httptest.NewServer(e)
	t.Cleanup(server.Close)
	release := sync.OnceFunc(func() { close(over) })
	t.Cleanup(release) // before the server waits for its calls
	plan := shortPlan(t, "system.kms={backend: endpoint, url: \""+server.URL+"\"}", "warm_up=3s", "faults.0.for=5s",
		"probes.ireland-stays.every=1s", "probes.virginia.every=250ms",
		"settle=3s", "checks.0.within=3s")
	standing := func(*harness.System) {
		asked := 0 // for the run's key, by those who watch: in each Region once a second
		e.mu.Lock()
		defer e.mu.Unlock()
		e.before = func(operation string) {
			e.mu.Lock()
			if operation == "DescribeKey" {
				asked++
			}
			lost := asked > 8
			e.mu.Unlock()
			if lost {
				lose(e, server, over)
			}
		}
	}
	h := &history.History{}
	sinks := history.Sinks{(*memory)(h), seen(release)}
	_ = plan.Run(t.Context(), engine.RunOptions{Standing: standing, Sink: sinks}) // its keys can't be deleted
	return conclude(t, h), h
}

// A replica that is Creating for minutes is waited for, and the history says so.
func TestReplicaIsCreatingForMinutes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		top := topology()
		top.KMS.CreatingFor = 10 * time.Minute
		began := time.Now()
		l := up(t, top)
		if took := time.Since(began); took < 10*time.Minute || took > 11*time.Minute {
			t.Errorf("it stood after %v", took)
		}
		if notes := l.System.Notes; len(notes) != 1 || !strings.Contains(notes[0], "in eu-west-1 was Creating for 10m") {
			t.Errorf("the notes are %q", notes)
		}
		signIn(t, l, open(t, l, "fresh"), 0)
	})
}
