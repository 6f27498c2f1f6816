package browser

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
)

// Variable names the browser to use, as a path or as a name in $PATH, where the one that would be found is not wanted.
const Variable = "REGIONDRILL_BROWSER"

// shells are browsers without a window, by their paths or names in $PATH. They sign in three times as fast as a whole
// Chromium and start in a third of the time. Paths come before names where a distribution's name is a shell script
// around them.
var shells = []string{
	"/usr/lib/chromium/chromium-headless-shell", "chrome-headless-shell", "headless-shell", "chromium-headless-shell",
}

// whole are browsers that people use, in the order of preference.
var whole = []string{
	"google-chrome", "google-chrome-stable", "/usr/lib/chromium/chromium", "chromium", "chromium-browser",
	"/Applications/Google Chrome.app/Contents/MacOS/Google Chrome", "/Applications/Chromium.app/Contents/MacOS/Chromium",
	"/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
}

// Find finds the browser of this machine. Its error is one sentence that says what to install.
func Find(getenv func(string) string) (path string, err error) {
	return thisMachine(getenv).find()
}

// FindWindowed finds one that people can look at.
func FindWindowed(getenv func(string) string) (path string, err error) {
	m := thisMachine(getenv)
	return m.first(m.whole())
}

// machine is where a browser is looked for.
type machine struct {
	goos       string
	getenv     func(string) string
	executable func(path string) bool
}

func thisMachine(getenv func(string) string) machine {
	return machine{runtime.GOOS, getenv, func(path string) bool {
		info, err := os.Stat(path)
		return err == nil && info.Mode().IsRegular() && (runtime.GOOS == "windows" || info.Mode()&0o111 != 0)
	}}
}

func (m machine) find() (string, error) {
	if wanted := m.getenv(Variable); wanted != "" {
		if path := m.lookUp(wanted); path != "" {
			return path, nil
		}
		return "", fmt.Errorf("%s is %q, which is no program that can be run", Variable, wanted)
	}
	return m.first(slices.Concat(shells, m.whole()))
}

func (m machine) first(candidates []string) (string, error) {
	for _, name := range candidates {
		if path := m.lookUp(name); path != "" {
			return path, nil
		}
	}
	what := "chromium-headless-shell (apt-get install chromium-headless-shell), Chromium or Google Chrome"
	if m.goos != "linux" {
		what = "Google Chrome, Chromium or Microsoft Edge"
	}
	return "", errors.New("no browser was found: install " + what + ", or name one in " + Variable)
}

// whole are the candidates of this system. On Windows programs lie in folders that the environment names, and not in
// %PATH%.
func (m machine) whole() []string {
	if m.goos != "windows" {
		return whole
	}
	var paths []string
	for _, program := range []string{
		"Google/Chrome/Application/chrome.exe", "Chromium/Application/chrome.exe", "Microsoft/Edge/Application/msedge.exe",
	} {
		for _, folder := range []string{"ProgramFiles", "ProgramFiles(x86)", "LOCALAPPDATA"} {
			if folder = m.getenv(folder); filepath.IsAbs(folder) {
				paths = append(paths, filepath.Join(folder, filepath.FromSlash(program)))
			}
		}
	}
	return paths
}

// lookUp is the path of a program that is named by its path, or by its name in $PATH; "" where it can't be run.
func (m machine) lookUp(name string) string {
	if m.goos == "windows" && filepath.Ext(name) == "" {
		name += ".exe"
	}
	if strings.ContainsFunc(name, func(r rune) bool { return r == '/' || r == filepath.Separator }) {
		if m.executable(name) {
			return name
		}
		return ""
	}
	for _, dir := range filepath.SplitList(m.getenv("PATH")) {
		if path := filepath.Join(dir, name); filepath.IsAbs(dir) && m.executable(path) {
			return path
		}
	}
	return ""
}
