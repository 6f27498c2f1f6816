// Command release makes what a release consists of, from the checkout that it is called in: an archive for each system
// with the program, the licence, the README and the changelog, a bill of materials (CycloneDX) for each, and SHA256SUMS
// of all of them. The same commit, version and Go make the same bytes. make release VERSION=v1.2.3 calls it.
package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"time"
)

// platform is a system that regiondrill is built for.
type platform struct{ os, arch string }

var platforms = []platform{
	{"darwin", "amd64"}, {"darwin", "arm64"}, {"linux", "amd64"}, {"linux", "arm64"},
	{"windows", "amd64"}, {"windows", "arm64"},
}

const (
	name    = "regiondrill"
	command = "./cmd/regiondrill"
)

// documents lie beside the program in every archive.
var documents = []string{"CHANGELOG.md", "LICENSE", "README.md"}

func main() {
	version := flag.String("version", "", "the release's version, such as v1.2.3")
	out := flag.String("out", "dist", "the folder to write, which must not hold anything yet")
	flag.Parse()
	if err := release(context.Background(), *version, *out, platforms); err != nil {
		fmt.Fprintf(os.Stderr, "release: %v\n", err)
		os.Exit(1)
	}
}

// semantic is a version as Go's modules want it (semver.org, with a v), without build metadata.
var semantic = regexp.MustCompile(`^v(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*)?$`)

// release writes everything for some platforms.
func release(ctx context.Context, version, out string, of []platform) error {
	if !semantic.MatchString(version) {
		return fmt.Errorf("%q is no version; give one such as v1.2.3 or v1.2.3-rc.1", version)
	}
	if entries, err := os.ReadDir(out); err == nil && len(entries) > 0 {
		return fmt.Errorf("%s is not empty: remove it, or name another folder", out)
	}
	made, err := sourceDate(ctx)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(out, 0o755); err != nil { //nolint:gosec // it is to be published
		return err
	}
	work, err := os.MkdirTemp("", "release-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work) //nolint:errcheck // the system clears its temporary files
	for _, p := range of {
		if err := one(ctx, p, version, out, work, made); err != nil {
			return fmt.Errorf("%s/%s: %w", p.os, p.arch, err)
		}
	}
	return writeSums(out)
}

// one makes an archive and its bill of materials.
func one(ctx context.Context, p platform, version, out, work string, made time.Time) error {
	program := filepath.Join(work, p.os+"-"+p.arch, name)
	if p.os == "windows" {
		program += ".exe"
	}
	if err := build(ctx, p, version, program); err != nil {
		return err
	}
	if p.os == runtime.GOOS && p.arch == runtime.GOARCH {
		if err := says(ctx, program, version); err != nil {
			return err
		}
	}
	base := filepath.Join(out, strings.Join([]string{name, strings.TrimPrefix(version, "v"), p.os, p.arch}, "_"))
	bill, err := billOf(program, version, made)
	if err == nil {
		err = os.WriteFile(base+".cdx.json", bill, 0o644) //nolint:gosec // it is to be published
	}
	if err != nil {
		return err
	}
	files := append([]string{program}, documents...)
	if p.os == "windows" {
		return writeArchive(base+".zip", zipped, files, made)
	}
	return writeArchive(base+".tar.gz", tarred, files, made)
}

// build builds the program statically, with neither paths of this machine nor what its environment says about Go, nor
// what Git knows: a checkout may lack the tag, or be no checkout.
func build(ctx context.Context, p platform, version, to string) error {
	linking := "-s -w -X main.version=" + version
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-buildvcs=false", "-ldflags", linking, "-o", to, command)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS="+p.os, "GOARCH="+p.arch, "GOAMD64=v1", "GOARM64=v8.0",
		"GOFLAGS=", "GOEXPERIMENT=")
	if said, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("building: %w\n%s", err, said)
	}
	return nil
}

// says holds the program of this machine against the version.
func says(ctx context.Context, program, version string) error {
	said, err := exec.CommandContext(ctx, program, "version").Output()
	if err != nil {
		return fmt.Errorf("asking for its version: %w", err)
	}
	if !strings.HasPrefix(string(said), name+" "+version+" ") {
		return fmt.Errorf("it calls itself %q", strings.TrimSpace(string(said)))
	}
	return nil
}

// sourceDate is what every file is dated: SOURCE_DATE_EPOCH (reproducible-builds.org), else when the commit was made.
func sourceDate(ctx context.Context) (time.Time, error) {
	seconds := os.Getenv("SOURCE_DATE_EPOCH")
	if seconds == "" {
		said, err := exec.CommandContext(ctx, "git", "log", "-1", "--format=%ct").Output()
		if err != nil {
			return time.Time{}, fmt.Errorf("asking git when the commit was made (SOURCE_DATE_EPOCH says so too): %w", err)
		}
		seconds = strings.TrimSpace(string(said))
	}
	n, err := strconv.ParseInt(seconds, 10, 64)
	if year := time.Unix(n, 0).UTC().Year(); err != nil || year < 1980 || year > 2100 { // a zip knows nothing before 1980
		return time.Time{}, errors.New(cmp.Or(seconds, "nothing") + " is no instant in seconds since 1970")
	}
	return time.Unix(n, 0).UTC(), nil
}
