package targets

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/moby/moby/client"

	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/rollback"
)

// What the engine says becomes one sentence with what to do about it.
func TestLacks(t *testing.T) {
	for _, tc := range []struct{ engine, says string }{
		{"permission denied while trying to connect to the docker API at unix:///var/run/docker.sock", "join the group docker"},
		{"failed to connect to the docker API at unix:///nowhere.sock: dial unix /nowhere.sock: connect: no such file or directory",
			"--target lab"},
		{"Error response from daemon: could not find an available, non-overlapping IPv4 address pool among the defaults " +
			"to assign to the network", "docker network prune"},
		{"Error response from daemon: all predefined address pools have been fully subnetted", "docker network prune"},
		{"write /var/lib/docker/x: no space left on device", "make room"},
		{"something new\nwith details", "Docker refuses: something new"},
	} {
		said, ok := errors.AsType[*harness.Lack](lack(errors.New(tc.engine)))
		if !ok || !strings.Contains(said.Sentence, tc.says) || strings.Contains(said.Sentence, "\n") {
			t.Errorf("%q is told as %v", tc.engine, said)
		}
	}
	if err := lack(fmt.Errorf("asking: %w", context.Canceled)); !errors.Is(err, context.Canceled) {
		t.Errorf("a run that was stopped is told as %v", err)
	}
}

// lacks provisions, and wants to hear why that can't be, with nothing left behind.
func lacks(t *testing.T, says string) {
	t.Helper()
	back := &rollback.Stack{}
	_, err := newContainers().Provision(t.Context(), topology(), back)
	said, ok := errors.AsType[*harness.Lack](err)
	if !ok || !strings.Contains(said.Sentence, says) || strings.Contains(said.Sentence, "\n") {
		t.Errorf("it says %v", err)
	}
	if err := back.Unwind(t.Context()); err != nil {
		t.Errorf("unwinding: %v", err)
	}
}

func TestNoEngine(t *testing.T) {
	t.Setenv("DOCKER_HOST", "unix://"+filepath.Join(t.TempDir(), "none.sock"))
	lacks(t, "no Docker engine answers")
	for name, ask := range map[string]func(context.Context) ([]string, error){"residue": containers{}.Residue, "sweep": containers{}.Sweep} {
		if found, err := ask(t.Context()); err != nil || len(found) > 0 {
			t.Errorf("%s without an engine: %v, %v", name, found, err)
		}
	}
}

// engine is one that answers the first question, and everything else with an error.
func engine(t *testing.T, answer http.HandlerFunc) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "docker.sock")
	listener, err := new(net.ListenConfig).Listen(t.Context(), "unix", path)
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/_ping") {
			w.Header().Set("API-Version", "1.41")
			return
		}
		answer(w, r)
	})}
	go server.Serve(listener)
	t.Cleanup(func() { _ = server.Close() })
	t.Setenv("DOCKER_HOST", "unix://"+path)
}

// staticFile is a program that the containers could run, as far as one can see.
func staticFile(t *testing.T) {
	t.Helper()
	header := make([]byte, 64)
	copy(header, "\x7fELF\x02\x01\x01")
	header[16], header[18], header[20], header[52], header[54], header[58] = 2, 62, 1, 64, 56, 64
	path := filepath.Join(t.TempDir(), "program")
	if err := os.WriteFile(path, header, 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv(binaryVariable, path)
}

func TestNoAddressPool(t *testing.T) {
	staticFile(t)
	var made atomic.Bool
	engine(t, func(w http.ResponseWriter, r *http.Request) {
		if strings.Contains(r.URL.Path, "/containers/create") {
			made.Store(true)
		}
		w.Header().Set("Content-Type", "application/json")
		switch {
		case strings.HasSuffix(r.URL.Path, "/networks/create"):
			w.WriteHeader(http.StatusInternalServerError)
			fmt.Fprint(w, `{"message": "all predefined address pools have been fully subnetted"}`)
		case strings.Contains(r.URL.Path, "/images/regiondrill"):
			fmt.Fprint(w, `{"Id": "sha256:1"}`)
		case r.Method == http.MethodGet && (strings.HasSuffix(r.URL.Path, "/containers/json") || strings.HasSuffix(r.URL.Path, "/networks")):
			fmt.Fprint(w, `[]`)
		default:
			w.WriteHeader(http.StatusNotFound)
			fmt.Fprint(w, `{"message": "no such thing"}`)
		}
	})
	lacks(t, "docker network prune")
	if made.Load() {
		t.Error("without a network a container was made")
	}
}

func TestNoProgramForTheContainers(t *testing.T) {
	engine(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) })
	own := filepath.Join(t.TempDir(), "script")
	if err := os.WriteFile(own, []byte("#!/bin/sh\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv(binaryVariable, own)
	lacks(t, "no Linux program")
}

// A container that dies while it starts is told of with what it said last.
func TestContainerThatDies(t *testing.T) {
	d := needsDocker(t)
	if err := prepare(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	image, err := d.image(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var written journal
	back := &rollback.Stack{Journal: &written}
	before := inventory(t, d, "")
	r := newRun()
	err = newBox(d, r, "us-east-1", "nonsense").up(t.Context(), image, back)
	said, ok := errors.AsType[*harness.Lack](err)
	if !ok || !strings.Contains(said.Sentence, "exit code 64") || !strings.Contains(said.Sentence, `there is no fake "nonsense"`) {
		t.Errorf("it says %v", err)
	}
	if err := back.Unwind(t.Context()); err != nil {
		t.Error(err)
	}
	if after := inventory(t, d, r.id); !slices.Equal(before, after) {
		t.Errorf("before there were\n%v\nand after\n%v", before, after)
	}
}

// An undo leaves alone what bears the name and isn't the run's, and what is gone.
func TestUndoersLeaveOthersAlone(t *testing.T) {
	d := needsDocker(t)
	name := newRun().prefix() + "somebody-elses"
	if _, err := d.NetworkCreate(t.Context(), name, client.NetworkCreateOptions{Driver: "bridge", Internal: true}); err != nil {
		t.Skip(err)
	}
	defer d.NetworkRemove(context.Background(), name, client.NetworkRemoveOptions{})
	ours := newRun()
	for kind, undo := range Undoers() {
		if !slices.Contains([]string{kindContainer, kindNetwork, kindStart, kindUnpause, kindConnect}, kind) {
			continue
		}
		if err := undo(t.Context(), ours.intent(kind, name).Args); err != nil {
			t.Errorf("%s: %v", kind, err)
		}
		if err := undo(t.Context(), []byte(`{}`)); err == nil {
			t.Errorf("%s undoes it knows not what", kind)
		}
	}
	if _, err := d.NetworkInspect(t.Context(), name, client.NetworkInspectOptions{}); err != nil {
		t.Errorf("somebody else's network is gone: %v", err)
	}
}

func TestOwner(t *testing.T) {
	if self() == "" {
		t.Skip("processes can't be told apart here")
	}
	if gone(self()) {
		t.Error("this process is said to be gone")
	}
	for owner, want := range map[string]bool{
		"":                    false,
		"somebody":            false,
		"another-boot ns 1 1": true,
		strings.Replace(self(), fmt.Sprintf(" %d ", os.Getpid()), " 4194305 ", 1): true, // beyond the last process id
		self() + "1": true, // another process that has the number now
	} {
		if gone(owner) != want {
			t.Errorf("%q gone: %t", owner, !want)
		}
	}
}

// A version of the API that the environment asks for and the engine doesn't speak is told of by the variable's name.
func TestAPIVersionOfTheEnvironment(t *testing.T) {
	engine(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusBadRequest)
		fmt.Fprint(w, `{"message": "client version 1.99 is too new. Maximum supported API version is 1.41"}`)
	})
	for version, says := range map[string]string{
		"1.99": "DOCKER_API_VERSION=1.99 asks for (client version 1.99 is too new. Maximum", "old": "DOCKER_API_VERSION=old asks for",
	} {
		t.Setenv(client.EnvOverrideAPIVersion, version)
		d, err := connect(t.Context())
		if err == nil {
			_, err = d.residue(t.Context())
		}
		if said, ok := errors.AsType[*harness.Lack](err); !ok || !strings.Contains(said.Sentence, says) {
			t.Errorf("%s is told as %v", version, err)
		}
	}
}

// An engine that is at removing a container already, because somebody who was killed asked for it, is waited for; what
// can't be changed back since its container is being removed needs no undo.
func TestUndoOfWhatIsBeingRemoved(t *testing.T) {
	r := newRun()
	var asked []string
	state := "running"
	engine(t, func(w http.ResponseWriter, req *http.Request) {
		asked = append(asked, req.Method+" "+req.URL.Path[strings.LastIndexByte(req.URL.Path, '/')+1:])
		w.Header().Set("Content-Type", "application/json")
		switch {
		case strings.HasSuffix(req.URL.Path, "/wait"):
			fmt.Fprint(w, `{"StatusCode": 137}`)
		case req.Method == http.MethodGet:
			fmt.Fprintf(w, `{"Id": "c", "Config": {"Labels": {%q: %q}}, "State": {"Status": %q, "Paused": %t},
				"NetworkSettings": {}}`, labelRun, r.id, state, state == "paused")
		default:
			state = "removing"
			w.WriteHeader(http.StatusConflict)
			fmt.Fprint(w, `{"message": "removal of container c is already in progress"}`)
		}
	})
	for kind, before := range map[string]string{kindContainer: "running", kindStart: "exited", kindUnpause: "paused", kindConnect: "running"} {
		asked, state = nil, before
		if err := Undoers()[kind](t.Context(), r.intent(kind, "c").Args); err != nil {
			t.Errorf("%s: %v", kind, err)
		}
		// Of a container that is to be back, one more look shows that it is about to go.
		if want := map[bool]int{true: 3, false: 4}[kind == kindContainer]; len(asked) != want || kind == kindContainer && asked[2] != "POST wait" {
			t.Errorf("%s asked for %q", kind, asked)
		}
	}
}
