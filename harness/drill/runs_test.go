package drill

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestOpenRuns(t *testing.T) {
	runs := Runs{Dir: filepath.Join(t.TempDir(), "runs")}
	enlist := func(folder string) *OpenRun {
		run, err := runs.enlist(folder)
		if err != nil {
			t.Fatal(err)
		}
		return run
	}
	lives, killed, ended := enlist("/lives"), enlist("/killed"), enlist("/ended")
	killed.Keep() // its process is gone, and so is its lock
	ended.Remove()
	halfWritten := enlist("/half-written")
	halfWritten.Keep()
	if err := os.Truncate(halfWritten.path, 5); err != nil {
		t.Fatal(err)
	}

	left := residue(t, runs, "/killed", "/lives")
	if residue(t, runs, "", "/killed /lives"); t.Failed() {
		t.Fatal("a run that is being recovered is another's to recover")
	}
	left[0].Keep()
	residue(t, runs, "/killed", "/lives")[0].Remove()
	lives.Remove()
	residue(t, runs, "", "")
	if files, err := os.ReadDir(runs.Dir); err != nil || len(files) > 0 {
		t.Errorf("the list still holds %v, %v", files, err)
	}
}

// residue compares the folders of the runs, separated by spaces, and returns those that are left.
func residue(t *testing.T, runs Runs, wantLeft, wantLive string) []*OpenRun {
	t.Helper()
	left, live, err := runs.Residue()
	if err != nil {
		t.Fatal(err)
	}
	if got := folders(left); got != wantLeft {
		t.Errorf("left are %q, want %q", got, wantLeft)
	}
	if got := folders(live); got != wantLive {
		t.Errorf("live are %q, want %q", got, wantLive)
	}
	return left
}

func folders(runs []*OpenRun) string {
	var names []string
	for _, run := range runs {
		names = append(names, run.Folder)
	}
	slices.Sort(names)
	return strings.Join(names, " ")
}

func TestRunsThatCannotBeListed(t *testing.T) {
	runs := UserRuns(func(string) string { return "" })
	run, err := runs.enlist("/anywhere")
	if err == nil {
		t.Error("listed nowhere")
	}
	run.Keep() // neither does anything
	run.Remove()
	if _, _, err := runs.Residue(); err == nil {
		t.Error("nowhere lists nothing")
	}
}

func TestWhereRunsAreListed(t *testing.T) {
	windows := map[string]string{"HOME": "/c/me", "LOCALAPPDATA": "/me/AppData/Local"} // as a Git Bash has it
	tests := []struct {
		goos string
		env  map[string]string
		want string // "" for nowhere
	}{
		{"linux", map[string]string{"HOME": "/home/me"}, "/home/me/.local/state/regiondrill/runs"},
		{"darwin", map[string]string{"HOME": "/Users/me"}, "/Users/me/.local/state/regiondrill/runs"},
		{"linux", map[string]string{"HOME": "/home/me", "XDG_STATE_HOME": "/state"}, "/state/regiondrill/runs"},
		{"linux", map[string]string{"HOME": "me"}, ""},
		{"windows", windows, "/me/AppData/Local/regiondrill/runs"},
		{"windows", map[string]string{"HOME": "/c/me"}, ""},
	}
	for _, test := range tests {
		runs := userRuns(test.goos, func(key string) string { return test.env[key] })
		if filepath.ToSlash(runs.Dir) != test.want || (runs.Err != nil) != (test.want == "") {
			t.Errorf("%s with %v: %q, %v; want %q", test.goos, test.env, runs.Dir, runs.Err, test.want)
		}
	}
}
