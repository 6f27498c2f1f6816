package browser

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Variable names the browser to use, as a path or as a name in $PATH, where the one that would be found is not wanted.
const Variable = "REGIONDRILL_BROWSER"

// candidates in the order of preference. The headless shell signs in three times as fast as a whole Chromium and
// starts in a third of the time. Paths come before names where a distribution's name is a shell script around them.
var candidates = []string{
	"/usr/lib/chromium/chromium-headless-shell",
	"chrome-headless-shell",
	"headless-shell",
	"chromium-headless-shell",
	"google-chrome",
	"google-chrome-stable",
	"/usr/lib/chromium/chromium",
	"chromium",
	"chromium-browser",
	"/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
	"/Applications/Chromium.app/Contents/MacOS/Chromium",
}

// Find finds the browser of this machine. Its error is one sentence that says what to install.
func Find(getenv func(string) string) (path string, err error) { return find(getenv, executable) }

func find(getenv func(string) string, executable func(path string) bool) (string, error) {
	lookUp := func(name string) string {
		if strings.ContainsRune(name, filepath.Separator) {
			if executable(name) {
				return name
			}
			return ""
		}
		for _, dir := range filepath.SplitList(getenv("PATH")) {
			if path := filepath.Join(dir, name); filepath.IsAbs(dir) && executable(path) {
				return path
			}
		}
		return ""
	}
	if wanted := getenv(Variable); wanted != "" {
		if path := lookUp(wanted); path != "" {
			return path, nil
		}
		return "", fmt.Errorf("%s is %q, which is no program that can be run", Variable, wanted)
	}
	for _, name := range candidates {
		if path := lookUp(name); path != "" {
			return path, nil
		}
	}
	return "", errors.New("no browser was found: install chromium-headless-shell " +
		"(apt-get install chromium-headless-shell), Chromium or Google Chrome, or name one in " + Variable)
}

func executable(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0
}
