package targets

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"

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
			_, err := newLab().Provision(t.Context(), withLocalStack(c.image), back)
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

func withLocalStack(image string) harness.Topology {
	top := topology()
	top.KMS = harness.KMSSettings{Backend: system.KMSLocalStack, Image: image}
	return top
}

// An engine on another machine is told by its address.
func TestEngineElsewhere(t *testing.T) {
	for engine, host := range map[string]string{
		"unix:///var/run/docker.sock": "", "npipe:////./pipe/docker_engine": "", "tcp://127.0.0.1:2375": "",
		"tcp://192.0.2.77:2375": "192.0.2.77:2375", "tcp://docker.invalid:2376": "docker.invalid:2376",
	} {
		if got := elsewhere(engine); got != host {
			t.Errorf("%s is elsewhere at %q", engine, got)
		}
	}
}

// Why a container ended is LocalStack's reason, or its last line.
func TestComplaint(t *testing.T) {
	for log, says := range map[string]string{
		"":         "it said nothing",
		"a\nb\n\n": "b",
		"failed for the following reason:\n\nNo credentials.\n\nBye": "failed for the following reason: No credentials",
	} {
		if got := complaint(strings.Split(log, "\n")); got != says {
			t.Errorf("of %q it tells %q", log, got)
		}
	}
}

// staticStandIn builds what plays LocalStack, once for all tests.
var staticStandIn = sync.OnceValues(func() ([]byte, error) {
	path := filepath.Join(built, "localstack")
	cmd := exec.Command("go", "build", "-trimpath", "-o", path, "./testdata/localstack")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	cmd.Stderr = os.Stderr
	if err := cmd.Run(); err != nil {
		return nil, err
	}
	return os.ReadFile(path)
})

// standIn is an image that plays LocalStack as the mode says. It is removed when the test ends.
func standIn(t *testing.T, d docker, mode string) (image string) {
	t.Helper()
	content, err := staticStandIn()
	if err != nil {
		t.Fatal(err)
	}
	var layer bytes.Buffer
	w := tar.NewWriter(&layer)
	err = w.WriteHeader(&tar.Header{Name: "localstack", Mode: 0o555, Size: int64(len(content)), ModTime: time.Unix(0, 0)})
	if err == nil {
		_, err = w.Write(content)
	}
	if err = errors.Join(err, w.Close()); err != nil {
		t.Fatal(err)
	}
	image = "regiondrill-localstack:" + mode
	stream, err := d.ImageImport(t.Context(), client.ImageImportSource{Source: &layer, SourceName: "-"}, image,
		client.ImageImportOptions{Changes: []string{`ENTRYPOINT ["/localstack"]`, "ENV MODE=" + mode}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(io.Discard, stream); err != nil {
		t.Fatal(err)
	}
	_ = stream.Close()
	t.Cleanup(func() {
		_, _ = d.ImageRemove(context.Background(), image, client.ImageRemoveOptions{Force: true, PruneChildren: true})
	})
	return image
}

// startedAlone starts a stand-in alone, and tells the URL.
func startedAlone(t *testing.T, d docker, l *localStack) (url string, err error) {
	t.Helper()
	l.run, l.image = newRun(), standIn(t, d, l.image)
	if l.limit == 0 {
		l.limit = time.Minute
	}
	back := &rollback.Stack{}
	t.Cleanup(func() {
		if err := back.Unwind(context.Background()); err != nil {
			t.Error(err)
		}
		if left, err := d.ContainerInspect(context.Background(), l.name(), client.ContainerInspectOptions{}); err == nil {
			t.Errorf("%s is left", left.Container.Name)
		}
	})
	return l.start(t.Context(), back)
}

// LocalStack that is slow is waited for; one that won't come is told of in its own words, whether this process is in a
// container or not.
func TestLocalStackStarts(t *testing.T) {
	d := needsDocker(t)
	here, away := filepath.Join(t.TempDir(), ".dockerenv"), filepath.Join(t.TempDir(), "none")
	if err := os.WriteFile(here, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for mode, says := range map[string][]string{
		"healthy": nil, "slow": nil,
		"licence": {"exit code 55: The license activation failed for the following reason: No credentials were found",
			authVariable},
		"crash": {"exit code 1: OSError: no room"},
		"apart": {"at none of 127.0.0.1:", "172.", ":4566", "backend: endpoint"},
		"never": {"its KMS is error", "it said last: Ready."},
	} {
		for where, dockerenv := range map[string]string{"in a container": here, "in none": away} {
			if where == "in none" && mode != "healthy" && mode != "apart" {
				continue // it makes no difference to what is said of itself
			}
			t.Run(mode+" "+where, func(t *testing.T) {
				t.Parallel() // they wait, most of the time
				l := &localStack{image: mode, dockerenv: dockerenv}
				if mode == "never" {
					l.limit = 2 * time.Second
				}
				url, err := startedAlone(t, d, l)
				if says == nil {
					if err != nil || !strings.HasPrefix(url, "http://") {
						t.Errorf("it is at %q: %v", url, err)
					}
					return
				}
				lack, ok := errors.AsType[*harness.Lack](err)
				if !ok {
					t.Fatalf("it says %v", err)
				}
				for _, word := range says {
					if !strings.Contains(lack.Sentence, word) || strings.Contains(lack.Sentence, "\n") {
						t.Errorf("it says %q, which lacks %q", lack.Sentence, word)
					}
				}
			})
		}
	}
}

// Over LocalStack people sign in, and it is part of the rig: it dies, or starts anew without keys, and that is seen.
func TestOverLocalStack(t *testing.T) {
	d := needsDocker(t)
	for mode, says := range map[string]string{"healthy": "", "lazy": "", "dies": "doesn't answer",
		"empty": "did it start anew?"} {
		t.Run(mode, func(t *testing.T) {
			image, back := standIn(t, d, mode), &rollback.Stack{} // the image goes when no container needs it
			t.Cleanup(func() {
				if err := back.Unwind(context.Background()); err != nil {
					t.Error(err)
				}
			})
			sys, err := newLab().Provision(t.Context(), withLocalStack(image), back)
			if err != nil {
				t.Fatal(err)
			}
			worksIn(t, sys, "eu-west-1", 0)
			b := sys.Backend
			if b.Product != "LocalStack" || b.Version != "4.14.0" || b.Edition != "community" ||
				!slices.Equal(b.Ignores, []string{harness.HonoursPolicies}) || len(b.Honours) != 3 {
				t.Errorf("it is %+v", b)
			}
			var lost error
			for range 40 {
				if lost = sys.Rig[0].Ask(t.Context()); lost != nil {
					break
				}
			}
			if (lost != nil) != (says != "") || lost != nil && !strings.Contains(lost.Error(), says) {
				t.Errorf("it was lost: %v", lost)
			}
		})
	}
}

// From a container beside the engine's socket, on a network of its own, LocalStack is found too: a drill passes there.
func TestLocalStackFromAContainer(t *testing.T) {
	t.Parallel() // it waits, most of the time
	d := needsDocker(t)
	socket, local := strings.CutPrefix(d.DaemonHost(), "unix://")
	if !local {
		t.Skipf("the engine at %s has no socket that a container could be given", d.DaemonHost())
	}
	image, err := d.image(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	play, r := standIn(t, d, "healthy"), newRun()
	name, back := r.prefix()+"drill", &rollback.Stack{}
	t.Cleanup(func() {
		if err := back.Unwind(context.Background()); err != nil {
			t.Error(err)
		}
	})
	push := func(undo rollback.Undo) {
		if _, err := back.Push(rollback.Intent{}, undo); err != nil {
			t.Fatal(err)
		}
	}
	push(func(ctx context.Context) error { return d.removeNetwork(ctx, r.thing(name)) })
	if _, err := d.NetworkCreate(t.Context(), name, client.NetworkCreateOptions{Labels: r.labels("drill")}); err != nil {
		t.Fatal(err)
	}
	push(func(ctx context.Context) error { return d.removeContainer(ctx, r.thing(name)) })
	createDrill(t, d, r, name, &container.Config{Image: image, User: "0", Entrypoint: []string{program},
		Cmd: []string{"run", "/harmed.yaml", "--out", "/run", "--set",
			"system.kms={backend: localstack, image: " + play + "}"},
		Env: []string{"HOME=/home"}}, socket)
	if _, err := d.ContainerStart(t.Context(), name, client.ContainerStartOptions{}); err != nil {
		t.Fatal(err)
	}
	ended := d.ContainerWait(t.Context(), name, client.ContainerWaitOptions{})
	select {
	case err := <-ended.Error:
		t.Fatal(err)
	case got := <-ended.Result:
		said := strings.Join(d.log(t.Context(), name), "\n")
		if got.StatusCode != 0 || !strings.Contains(said, "KMS  LocalStack 4.14.0") {
			t.Errorf("it ends with %d and says\n%s", got.StatusCode, said)
		}
	case <-time.After(2 * time.Minute):
		t.Errorf("it says\n%s", strings.Join(d.log(t.Context(), name), "\n"))
	}
}

// createDrill makes a container that holds a scenario and has the engine's socket, on the network of its name.
func createDrill(t *testing.T, d docker, r *run, name string, config *container.Config, socket string) {
	t.Helper()
	config.Labels = r.labels("drill")
	if _, err := d.ContainerCreate(t.Context(), client.ContainerCreateOptions{Name: name, Config: config,
		HostConfig: &container.HostConfig{NetworkMode: container.NetworkMode(name),
			Binds: []string{socket + ":/var/run/docker.sock"}},
	}); err != nil {
		t.Fatal(err)
	}
	scenario := strings.Replace(harmed, "KIND", "kind: region_outage", 1)
	var file bytes.Buffer
	w := tar.NewWriter(&file)
	err := w.WriteHeader(&tar.Header{Name: "harmed.yaml", Mode: 0o444, Size: int64(len(scenario))})
	if err == nil {
		_, err = io.WriteString(w, scenario)
	}
	if err = errors.Join(err, w.Close()); err != nil {
		t.Fatal(err)
	}
	into := client.CopyToContainerOptions{DestinationPath: "/", Content: &file}
	if _, err := d.CopyToContainer(t.Context(), name, into); err != nil {
		t.Fatal(err)
	}
}
