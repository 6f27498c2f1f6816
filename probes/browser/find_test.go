package browser

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestFind(t *testing.T) {
	const shell = "/usr/lib/chromium/chromium-headless-shell"
	programs := map[string]string{"PATH": "/usr/bin", "ProgramFiles": "/pf", "ProgramFiles(x86)": "/pf86", "LOCALAPPDATA": "/me"}
	tests := []struct {
		name     string
		goos     string
		env      map[string]string
		machine  []string // what can be run
		path     string
		sentence string // a part of the error
	}{
		{"the headless shell's own binary, not the script in $PATH", "linux", map[string]string{"PATH": "/usr/bin"},
			[]string{shell, "/usr/bin/chromium-headless-shell", "/usr/bin/chromium"}, shell, ""},
		{"Chrome before a whole Chromium", "linux", map[string]string{"PATH": "/usr/bin:/opt"},
			[]string{"/usr/bin/chromium", "/opt/google-chrome"}, "/opt/google-chrome", ""},
		{"a Mac", "darwin", map[string]string{"PATH": "/usr/bin"},
			[]string{"/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"},
			"/Applications/Google Chrome.app/Contents/MacOS/Google Chrome", ""},
		{"a Mac with nothing but Edge", "darwin", map[string]string{"PATH": "/usr/bin"},
			[]string{"/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge"},
			"/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge", ""},
		{"Windows, for all users", "windows", programs, []string{"/pf86/Microsoft/Edge/Application/msedge.exe",
			"/pf/Google/Chrome/Application/chrome.exe"}, "/pf/Google/Chrome/Application/chrome.exe", ""},
		{"Windows, for one user", "windows", programs, []string{"/me/Google/Chrome/Application/chrome.exe",
			"/pf86/Microsoft/Edge/Application/msedge.exe"}, "/me/Google/Chrome/Application/chrome.exe", ""},
		{"Windows as it comes", "windows", programs, []string{"/pf86/Microsoft/Edge/Application/msedge.exe"},
			"/pf86/Microsoft/Edge/Application/msedge.exe", ""},
		{"Windows, a headless shell in %PATH%", "windows", map[string]string{"PATH": "/tools"},
			[]string{"/tools/chrome-headless-shell.exe"}, "/tools/chrome-headless-shell.exe", ""},
		{"Windows, nothing", "windows", programs, []string{"/usr/bin/chromium"}, "", "install Google Chrome, Chromium or Microsoft Edge"},
		{"a folder of $PATH that is not absolute", "linux", map[string]string{"PATH": ".:bin"},
			[]string{"chromium", "bin/chromium"}, "", "no browser was found"},
		{"what the user wants", "linux", map[string]string{"PATH": "/usr/bin", Variable: "/home/me/chrome"},
			[]string{shell, "/home/me/chrome"}, "/home/me/chrome", ""},
		{"what the user wants, by name", "linux", map[string]string{"PATH": "/usr/bin", Variable: "chromium"},
			[]string{shell, "/usr/bin/chromium"}, "/usr/bin/chromium", ""},
		{"what the user wants is not there", "linux", map[string]string{Variable: "/home/me/chrome"},
			[]string{shell}, "", `REGIONDRILL_BROWSER is "/home/me/chrome", which is no program`},
		{"nothing", "linux", map[string]string{}, nil, "", "install chromium-headless-shell"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			m := machine{test.goos, func(name string) string { return test.env[name] },
				func(path string) bool { return slices.Contains(test.machine, path) }}
			path, err := m.find()
			if path != test.path || (err == nil) != (test.sentence == "") || err != nil && !strings.Contains(err.Error(), test.sentence) {
				t.Errorf("%q, %v; want %q, %q", path, err, test.path, test.sentence)
			}
			if err != nil && strings.Contains(err.Error(), "\n") {
				t.Errorf("more than a sentence: %v", err)
			}
		})
	}
}

func TestFindLooksAtTheFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "chrome")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	wanted := func(path string) func(string) string {
		return func(name string) string { return map[string]string{Variable: path}[name] }
	}
	for _, bad := range []string{path, dir, filepath.Join(dir, "none")} {
		if got, err := Find(wanted(bad)); err == nil {
			t.Errorf("%s: found %s", bad, got)
		}
	}
	if err := os.Chmod(path, 0o700); err != nil { //nolint:gosec // it is to be run
		t.Fatal(err)
	}
	if got, err := Find(wanted(path)); err != nil || got != path {
		t.Errorf("%s, %v", got, err)
	}
}
