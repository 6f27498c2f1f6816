package targets

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/sha256"
	"debug/elf"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"strings"
	"time"

	"github.com/containerd/errdefs"
	"github.com/moby/moby/api/pkg/stdcopy"
	"github.com/moby/moby/client"

	"github.com/regiondrill/regiondrill/harness"
)

// docker is the engine on this machine.
type docker struct{ *client.Client }

// connect finds the engine that the environment names (DOCKER_HOST), or the one at its usual socket. Its error is a
// *harness.Lack.
func connect(ctx context.Context) (docker, error) {
	cli, err := client.New(client.FromEnv)
	if err != nil {
		return docker{}, lack(err)
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	if _, err := cli.Ping(ctx, client.PingOptions{NegotiateAPIVersion: true}); err != nil {
		return docker{}, errors.Join(lack(err), cli.Close())
	}
	return docker{cli}, nil
}

// lack makes what the engine says a sentence, with what to do about it.
func lack(err error) error {
	text := err.Error()
	says := func(words ...string) bool {
		for _, w := range words {
			if strings.Contains(text, w) {
				return true
			}
		}
		return false
	}
	var known *harness.Lack
	sentence := "Docker refuses: " + firstLine(text)
	switch {
	case errors.As(err, &known), errors.Is(err, context.Canceled),
		errors.Is(err, context.DeadlineExceeded) && !client.IsErrConnectionFailed(err):
		return err
	case os.Getenv(client.EnvOverrideAPIVersion) != "" && says("API version", "client version"):
		sentence = fmt.Sprintf("Docker refuses what %s=%s asks for (%s); "+
			"unset it, and the version is agreed on with the engine",
			client.EnvOverrideAPIVersion, os.Getenv(client.EnvOverrideAPIVersion),
			strings.TrimPrefix(firstLine(text), "Error response from daemon: "))
	case says("permission denied"):
		sentence = "this user may not use Docker; run as root, " +
			"or join the group docker (sudo usermod -aG docker $USER) and log in again"
	case client.IsErrConnectionFailed(err), says("no such file or directory", "connection refused"):
		sentence = "no Docker engine answers (DOCKER_HOST or /var/run/docker.sock); " +
			"start one, or use --target lab, which needs none"
	case says("available, non-overlapping", "fully subnetted"):
		sentence = "Docker has no address pool left for another network; remove unused ones (docker network prune), " +
			"or widen default-address-pools in /etc/docker/daemon.json"
	case says("no space left"):
		sentence = "Docker's disk is full; make room (docker system df)"
	}
	return &harness.Lack{Sentence: sentence, Err: err}
}

func firstLine(text string) string {
	line, _, _ := strings.Cut(text, "\n")
	return strings.TrimSpace(line)
}

// binaryVariable names a static Linux binary of regiondrill to put into the containers, where the one that runs isn't
// static.
const binaryVariable = "REGIONDRILL_STATIC_BINARY"

// staticBinary is the path of what runs in the containers. It must need nothing but a kernel: they hold nothing else.
func staticBinary() (string, error) {
	path := os.Getenv(binaryVariable)
	if path == "" {
		own, err := os.Executable()
		if err != nil {
			return "", fmt.Errorf("finding this program: %w", err)
		}
		path = own
	}
	file, err := elf.Open(path)
	if err != nil {
		sentence := fmt.Sprintf("%s is no Linux program, and the containers run nothing else; name one in %s",
			path, binaryVariable)
		return "", &harness.Lack{Sentence: sentence, Err: err}
	}
	defer file.Close()
	for _, segment := range file.Progs {
		if segment.Type == elf.PT_INTERP {
			return "", &harness.Lack{Sentence: fmt.Sprintf("%s is linked dynamically, and the containers hold no libraries; "+
				"build it with CGO_ENABLED=0, or name one that is in %s", path, binaryVariable)}
		}
	}
	return path, nil
}

const (
	repository = "regiondrill"
	labelImage = "regiondrill.image"
	program    = "/regiondrill"
)

// image makes sure of an image that holds the program and nothing else, and returns its tag, which is the program's
// hash. Those of other builds that no container needs are removed when a new one is made.
func (d docker) image(ctx context.Context) (string, error) {
	path, err := staticBinary()
	if err != nil {
		return "", err
	}
	content, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("reading %s: %w", path, err)
	}
	sum := sha256.Sum256(content)
	tag := repository + ":" + hex.EncodeToString(sum[:6])
	switch _, err := d.ImageInspect(ctx, tag); {
	case err == nil:
		return tag, nil
	case !errdefs.IsNotFound(err):
		return "", lack(err)
	}
	if err := d.build(ctx, tag, content); err != nil {
		return "", lack(err)
	}
	d.forget(ctx, tag)
	return tag, nil
}

// nobody is as whom a fake runs.
const nobody = 65534

// build makes an image of one layer that holds the program, and a folder that a replica may write to.
func (d docker) build(ctx context.Context, tag string, content []byte) error {
	var layer bytes.Buffer
	w := tar.NewWriter(&layer)
	err := w.WriteHeader(&tar.Header{
		Typeflag: tar.TypeDir, Name: recordsFolder[1:] + "/", Mode: 0o700, Uid: nobody, Gid: nobody, ModTime: time.Unix(0, 0),
	})
	if err != nil {
		return fmt.Errorf("writing the image's layer: %w", err)
	}
	err = w.WriteHeader(&tar.Header{Name: program[1:], Mode: 0o555, Size: int64(len(content)), ModTime: time.Unix(0, 0)})
	if err == nil {
		_, err = w.Write(content)
	}
	if err = errors.Join(err, w.Close()); err != nil {
		return fmt.Errorf("writing the image's layer: %w", err)
	}
	source := client.ImageImportSource{Source: &layer, SourceName: "-"}
	stream, err := d.ImageImport(ctx, source, tag, client.ImageImportOptions{
		Changes: []string{`ENTRYPOINT ["` + program + `", "serve"]`, fmt.Sprintf("USER %d:%d", nobody, nobody), "LABEL " + labelImage + "=1"},
	})
	if err != nil {
		return fmt.Errorf("building the image %s: %w", tag, err)
	}
	defer stream.Close()
	for decoder := json.NewDecoder(stream); ; {
		var message struct{ Error string }
		switch err := decoder.Decode(&message); {
		case errors.Is(err, io.EOF):
			return nil
		case err == nil && message.Error != "":
			return fmt.Errorf("building the image %s: %s", tag, message.Error)
		case err != nil:
			return fmt.Errorf("building the image %s: %w", tag, err)
		}
	}
}

// spared is how long an image of another build is left alone: drills of several builds may take turns on one machine,
// and an image that is removed between being looked for and being used can be had from nowhere.
const spared = time.Hour

// forget removes the images of other builds, but for new ones, which somebody may be about to use.
func (d docker) forget(ctx context.Context, kept string) {
	list, err := d.ImageList(ctx, client.ImageListOptions{Filters: client.Filters{}.Add("label", labelImage)})
	if err != nil {
		return // they take room, and nothing else
	}
	for _, image := range list.Items {
		fresh := time.Since(time.Unix(image.Created, 0)) < spared
		if !fresh && (len(image.RepoTags) == 0 || image.RepoTags[0] != kept) {
			_, _ = d.ImageRemove(ctx, image.ID, client.ImageRemoveOptions{PruneChildren: true}) // refused while it is in use
		}
	}
}

// gateway is this machine's own address on a network.
func (d docker) gateway(ctx context.Context, network string) (netip.Addr, error) {
	found, err := d.NetworkInspect(ctx, network, client.NetworkInspectOptions{})
	if err != nil {
		return netip.Addr{}, lack(err)
	}
	for _, pool := range found.Network.IPAM.Config {
		if pool.Gateway.Is4() {
			return pool.Gateway, nil
		}
	}
	return netip.Addr{}, &harness.Lack{
		Sentence: "Docker gave network " + network + " no IPv4 gateway, which the containers reach the fabric by",
	}
}

// lastWords is the last line that a container wrote, "" where it wrote nothing.
func (d docker) lastWords(ctx context.Context, name string) string {
	lines := d.log(ctx, name)
	return lines[len(lines)-1]
}

// log is the last lines that a container wrote, at least one, which may be empty.
func (d docker) log(ctx context.Context, name string) []string {
	stream, err := d.ContainerLogs(ctx, name, client.ContainerLogsOptions{ShowStdout: true, ShowStderr: true, Tail: "40"})
	if err != nil {
		return []string{""}
	}
	defer stream.Close()
	var text bytes.Buffer
	_, _ = stdcopy.StdCopy(&text, &text, stream) // what was read before it broke will do
	return strings.Split(strings.TrimSpace(text.String()), "\n")
}
