package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

var made = time.Date(2026, 11, 27, 10, 0, 0, 0, time.UTC)

// TestRelease makes a release for this machine twice: the bytes are the same, the sums are right, the program in the
// archive runs and knows its version, and the bill lists what it was built from.
func TestRelease(t *testing.T) {
	if testing.Short() {
		t.Skip("it links the program twice")
	}
	t.Chdir("..")
	t.Setenv("SOURCE_DATE_EPOCH", fmt.Sprint(made.Unix()))
	here := platform{runtime.GOOS, runtime.GOARCH}
	if here.os == "windows" {
		t.Skip("it unpacks a tar.gz")
	}
	first, second := filepath.Join(t.TempDir(), "first"), filepath.Join(t.TempDir(), "second")
	for _, dir := range []string{first, second} {
		if err := release(t.Context(), "v1.2.3-rc.1", dir, []platform{here}); err != nil {
			t.Fatal(err)
		}
	}
	base := "regiondrill_1.2.3-rc.1_" + here.os + "_" + here.arch
	all := folder(t, first)
	if want := []string{"SHA256SUMS", base + ".cdx.json", base + ".tar.gz"}; !slices.Equal(keys(all), want) {
		t.Fatalf("it holds %v, want %v", keys(all), want)
	}
	for name, data := range folder(t, second) {
		if !bytes.Equal(data, all[name]) {
			t.Errorf("%s is otherwise the second time", name)
		}
		if line := fmt.Sprintf("%x  %s\n", sha256.Sum256(data), name); name != "SHA256SUMS" && !strings.Contains(string(all["SHA256SUMS"]), line) {
			t.Errorf("SHA256SUMS lacks %s", line)
		}
	}
	runs(t, untar(t, all[base+".tar.gz"]))
	checkBill(t, all[base+".cdx.json"])
	if err := release(t.Context(), "v1.2.4", first, nil); err == nil || !strings.Contains(err.Error(), "not empty") {
		t.Errorf("over another release: %v", err)
	}
}

func keys(m map[string][]byte) []string {
	var names []string
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func folder(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string][]byte{}
	for _, f := range files {
		if all[f.Name()], err = os.ReadFile(filepath.Join(dir, f.Name())); err != nil {
			t.Fatal(err)
		}
	}
	return all
}

// untar reads an archive and holds what its headers tell.
func untar(t *testing.T, data []byte) map[string][]byte {
	t.Helper()
	packed, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{}
	for r := tar.NewReader(packed); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return files
		}
		if err != nil {
			t.Fatal(err)
		}
		if files[h.Name], err = io.ReadAll(r); err != nil {
			t.Fatal(err)
		}
		want := int64(0o644)
		if h.Name == name {
			want = 0o755
		}
		if h.Mode != want || !h.ModTime.Equal(made) || h.Uid != 0 || h.Uname != "" {
			t.Errorf("%s: mode %o, %v, of %d %q", h.Name, h.Mode, h.ModTime, h.Uid, h.Uname)
		}
	}
}

func runs(t *testing.T, files map[string][]byte) {
	t.Helper()
	if want := []string{"CHANGELOG.md", "LICENSE", "README.md", name}; !slices.Equal(keys(files), want) {
		t.Fatalf("the archive holds %v, want %v", keys(files), want)
	}
	program := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(program, files[name], 0o700); err != nil { //nolint:gosec // it is to be run
		t.Fatal(err)
	}
	said, err := exec.CommandContext(t.Context(), program, "version").Output()
	if err != nil || !strings.HasPrefix(string(said), "regiondrill v1.2.3-rc.1 ") {
		t.Errorf("version: %q, %v", said, err)
	}
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(files[name], []byte(here)) {
		t.Errorf("it holds a path of this machine: %s", here)
	}
}

// checkBill reads the bill as a scanner does: every module of go list is in it, by its package URL, and nothing twice.
func checkBill(t *testing.T, data []byte) {
	t.Helper()
	var b bill
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&b); err != nil {
		t.Fatal(err)
	}
	if b.Format != "CycloneDX" || b.Metadata.Timestamp != "2026-11-27T10:00:00Z" ||
		b.Metadata.Component.PURL != "pkg:golang/github.com/regiondrill/regiondrill@v1.2.3-rc.1" {
		t.Errorf("it is of %+v", b.Metadata)
	}
	list := exec.CommandContext(t.Context(), "go", "list", "-deps", "-f", "{{with .Module}}{{if not .Main}}{{.Path}}@{{.Version}}{{end}}{{end}}", command)
	list.Env = append(os.Environ(), "CGO_ENABLED=0")
	said, err := list.Output()
	if err != nil {
		t.Fatal(err)
	}
	want := strings.Fields(string(said))
	slices.Sort(want)
	want = slices.Compact(want)
	var got []string
	for _, c := range b.Components {
		if module, _ := strings.CutPrefix(c.PURL, "pkg:golang/"); !strings.HasPrefix(module, "std@1.") {
			got = append(got, module)
		}
		if c.Type != "library" || c.Ref != c.PURL || c.Name != "std" && len(c.Hashes) != 1 {
			t.Errorf("a component is %+v", c)
		}
	}
	slices.Sort(got)
	if !slices.Equal(got, want) || len(b.Components) != len(want)+1 {
		t.Errorf("it lists\n%v\nwant\n%v", got, want)
	}
}

func TestZip(t *testing.T) {
	var packed bytes.Buffer
	if err := zipped(&packed, []entry{{"regiondrill.exe", 0o755, []byte("MZ")}, {"LICENSE", 0o644, []byte("text")}}, made); err != nil {
		t.Fatal(err)
	}
	r, err := zip.NewReader(bytes.NewReader(packed.Bytes()), int64(packed.Len()))
	if err != nil || len(r.File) != 2 {
		t.Fatalf("%v, %d files", err, len(r.File))
	}
	f := r.File[0]
	content, err := f.Open()
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(content)
	if err != nil || string(text) != "MZ" || f.Name != "regiondrill.exe" || f.Mode() != 0o755 || !f.Modified.Equal(made) {
		t.Errorf("%s, %v, %v: %q, %v", f.Name, f.Mode(), f.Modified, text, err)
	}
}

func TestVersions(t *testing.T) {
	for version, good := range map[string]bool{
		"v1.2.3": true, "v0.1.0-rc.1": true, "v10.20.30": true,
		"": false, "1.2.3": false, "v1.2": false, "v01.2.3": false, "v1.2.3+linux": false, "v1.2.3-": false, "v1.2.3 -w": false,
	} {
		if semantic.MatchString(version) != good {
			t.Errorf("%q is a version: %v", version, !good)
		}
	}
	if err := release(t.Context(), "1.2.3", t.TempDir(), nil); err == nil || !strings.Contains(err.Error(), "such as v1.2.3") {
		t.Errorf("%v", err)
	}
}

func TestSourceDate(t *testing.T) {
	for _, bad := range []string{"yesterday", "0", "99999999999999"} {
		t.Setenv("SOURCE_DATE_EPOCH", bad)
		if at, err := sourceDate(t.Context()); err == nil {
			t.Errorf("%s is %v", bad, at)
		}
	}
	t.Setenv("SOURCE_DATE_EPOCH", fmt.Sprint(made.Unix()))
	if at, err := sourceDate(t.Context()); err != nil || !at.Equal(made) {
		t.Errorf("%v, %v", at, err)
	}
}
