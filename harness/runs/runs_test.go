package runs

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"runtime/debug"
	"strings"
	"testing"
	"time"

	"github.com/regiondrill/regiondrill/harness/history"
	"github.com/regiondrill/regiondrill/harness/repetition"
	"github.com/regiondrill/regiondrill/harness/verdict"
)

func read(t testing.TB, dir string) *Shelf {
	t.Helper()
	s, err := Read(dir)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func folders(all []Run) []string {
	var names []string
	for _, r := range all {
		names = append(names, r.Folder)
	}
	return names
}

func want[T any](t *testing.T, what string, got, want T) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}

// shelf is a folder with a run, several drills of one command, a repetition, one that was simulated, and what is none.
func shelf(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	nights(t, dir, "toy", 3)
	several := filepath.Join(dir, "20260401T020000Z-drills")
	put(t, filepath.Join(several, verdictFile), `{"schema": "regiondrill.verdicts/v1", "drills": []}`)
	for i, name := range []string{"toy", "other"} {
		write(t, filepath.Join(several, name), concluded(name, firstNight.AddDate(0, 1, i), 4), "")
	}
	often := filepath.Join(dir, "20260501T020000Z-toy")
	series := repetition.NewSeries(repetition.Rule{Times: 3})
	for i, s := range []float64{3, 0, 3.2} {
		v := concluded("toy", firstNight.AddDate(0, 2, 0).Add(time.Duration(i)*time.Minute), s)
		series.Add(fmt.Sprint(i+1), v)
		write(t, filepath.Join(often, fmt.Sprint(i+1)), v, "ci")
	}
	text, err := json.Marshal(series.Result())
	if err != nil {
		t.Fatal(err)
	}
	put(t, filepath.Join(often, repetitionFile), string(text))
	simulated := filepath.Join(dir, "20260601T020000Z-toy-simulated")
	text, err = json.Marshal(concluded("toy", time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC), 9))
	if err != nil {
		t.Fatal(err)
	}
	put(t, filepath.Join(simulated, verdictFile), strings.Replace(string(text), `"target"`, `"virtual":true,"target"`, 1))
	put(t, filepath.Join(simulated, "history.jsonl"), `{"plan":{"run":"20260601T020000Z","virtual":true}}`)
	put(t, filepath.Join(dir, "torn", verdictFile), `{"schema": "regiond`)
	put(t, filepath.Join(dir, "begun", "history.jsonl"), "{}")
	put(t, filepath.Join(dir, "notes", "deep", "todo.txt"), "nothing")
	put(t, filepath.Join(dir, "readme.txt"), "nothing")
	return dir
}

func TestRead(t *testing.T) {
	dir := shelf(t)
	s := read(t, dir)
	want(t, "runs", folders(s.Standing()), []string{"20260601T020000Z-toy-simulated", "20260501T020000Z-toy",
		"20260401T020000Z-drills/other", "20260401T020000Z-drills/toy", "20260301T020000Z-toy"})
	all := s.Standing()
	want(t, "simulated", []any{all[0].Virtual, all[0].Begun}, []any{true, time.Date(2026, 6, 1, 2, 0, 0, 0, time.UTC)})
	want(t, "repeated", *all[1].Repetition, Repetition{3, []Objective{{"recovery of staff from dark", 2, 3}}})
	want(t, "repeated", []any{all[1].Environment, all[1].Begun}, []any{"ci", firstNight.AddDate(0, 2, 0)})
	want(t, "unit", all[2].Unit, "20260401T020000Z-drills")
	want(t, "environment", all[4].Environment, "nightly")
	want(t, "report", []bool{all[0].Report, all[4].Report}, []bool{false, true})
	back := all[4].Recoveries[0]
	want(t, "recovery", []any{back.Told, back.Lower, *back.Upper, back.Never, *back.Within},
		[]any{true, verdict.Seconds(2.9), verdict.Seconds(3), false, verdict.Seconds(5)})
	for _, r := range s.Single() {
		if r.Base() == "2" {
			want(t, "never recovered", []any{r.Recoveries[0].Never, r.Recoveries[0].Upper, r.Recoveries[0].Lower},
				[]any{true, (*verdict.Seconds)(nil), verdict.Seconds(30)})
		}
	}
	why := map[string]string{}
	for _, skipped := range s.Skipped {
		why[filepath.Base(skipped.Folder)] = skipped.Why
	}
	for name, words := range map[string]string{"torn": "is torn", "begun": "no verdict yet", "notes": "holds no run"} {
		if !strings.Contains(why[name], words) {
			t.Errorf("of %s it says %q", name, why[name])
		}
	}
	want(t, "skipped", len(s.Skipped), 3)
	var units []string
	for _, u := range s.Units() {
		units = append(units, fmt.Sprint(u.Folder, " ", u.Runs))
	}
	want(t, "units", units, []string{"20260601T020000Z-toy-simulated 1", "20260501T020000Z-toy 3",
		"20260401T020000Z-drills 2", "20260301T020000Z-toy 1"})
	if _, err := Read(filepath.Join(dir, "nowhere")); err == nil || !strings.HasPrefix(err.Error(), "there is no folder ") {
		t.Errorf("of no folder it says %v", err)
	}
}

func TestFind(t *testing.T) {
	s := read(t, shelf(t))
	for word, found := range map[string][]string{
		"20260301": {"20260301T020000Z-toy"}, "20260501T020000Z-toy/2": {"20260501T020000Z-toy/2"},
		"202605": {"20260501T020000Z-toy"}, "20260401": {"20260401T020000Z-drills/other", "20260401T020000Z-drills/toy"},
		"other": {"20260401T020000Z-drills/other"}, "nothing": nil,
	} {
		want(t, word, folders(s.Find(word)), found)
	}
}

func TestFilter(t *testing.T) {
	s := read(t, shelf(t))
	of := func(f Filter) int { return len(f.Only(s.Standing())) }
	want(t, "scenario", of(Filter{Scenario: "other"}), 1)
	want(t, "target", of(Filter{Target: "containers"}), 0)
	want(t, "verdict", of(Filter{Grade: verdict.Fail}), 2)
	want(t, "since", of(Filter{Since: firstNight.AddDate(0, 1, 1)}), 3)
	want(t, "until", of(Filter{Until: firstNight.AddDate(0, 1, 1)}), 2)
}

// TestVerdictsAlone: what lies beside a run, such as its verdict in a folder of merged parts, is no other run.
func TestVerdictsAlone(t *testing.T) {
	dir := t.TempDir()
	nights(t, dir, "toy", 3)
	copied, err := os.ReadFile(filepath.Join(dir, "20260301T020000Z-toy", verdictFile))
	if err != nil {
		t.Fatal(err)
	}
	put(t, filepath.Join(dir, "20260302T020000Z-merged", verdictFile), string(copied))
	unrun := concluded("toy", time.Time{}, 0)
	unrun.Validity.Reasons = []verdict.Reason{{Code: verdict.NotCarried, Ends: true}}
	text, err := json.Marshal(unrun)
	if err != nil {
		t.Fatal(err)
	}
	put(t, filepath.Join(dir, "20260303T020000Z-merged", verdictFile), string(text))
	put(t, filepath.Join(dir, "rehearsed", history.HistoryFile), `{"plan":{}}`+"\n"+`{"end":{"reason":"rehearsed"}}`+"\n")
	put(t, filepath.Join(dir, ".simulated-1", "1", history.HistoryFile), `{"plan":{}}`)
	s := read(t, dir)
	want(t, "runs", folders(s.Standing()), []string{"20260301T020000Z-toy"})
	want(t, "drills", folders(s.Single()), []string{"20260301T020000Z-toy"})
	want(t, "skipped", len(s.Skipped), 1)
	want(t, "why", s.Skipped[0].Why, "it is the verdict of a drill that was not run")
	want(t, "nothing named", len(s.Find("/")), 0)
}

// TestAShelfThatIsASet: a repetition stands for its drills also where its own folder is read.
func TestAShelfThatIsASet(t *testing.T) {
	s := read(t, filepath.Join(shelf(t), "20260501T020000Z-toy"))
	want(t, "runs", folders(s.Standing()), []string{"."})
	want(t, "units", len(s.Units()), 1)
}

// TestOlder: what another edition of the definition has concluded counts in no trend.
func TestOlder(t *testing.T) {
	dir := t.TempDir()
	for n, edition := range []int{0, verdict.Definition, verdict.Definition + 1} {
		v := concluded("toy", firstNight.AddDate(0, 0, n), 3)
		v.Definition = edition
		write(t, filepath.Join(dir, fmt.Sprint(n)), v, "")
	}
	var left []bool
	for _, r := range read(t, dir).Runs {
		left = append(left, strings.Contains(r.LeftOut, "regiondrill analyze concludes it anew"))
	}
	want(t, "left out, the newest first", left, []bool{true, false, false})
}

// What is remembered changes nothing but how much is read again: not when it is deleted, torn or old.
func TestCache(t *testing.T) {
	dir := shelf(t)
	fresh := read(t, dir)
	want(t, "remembered", fresh.Remembered, 0)
	text, err := fresh.Remember()
	if err != nil {
		t.Fatal(err)
	}
	same := func(what string, remembered int) {
		t.Helper()
		s := read(t, dir)
		want(t, what, s.Remembered, remembered)
		want(t, what, s.Runs, fresh.Runs)
		want(t, what, s.Skipped, fresh.Skipped)
	}
	put(t, filepath.Join(dir, CacheFile), string(text))
	same("whole", 7)
	for _, torn := range []string{"", "foreign", string(text[:len(text)-1]), string(text[:len(cacheHead)]),
		cacheHead + strings.Repeat("x", 100)} {
		put(t, filepath.Join(dir, CacheFile), torn)
		same("torn", 0)
	}
	put(t, filepath.Join(dir, CacheFile), string(text))
	night := filepath.Join(dir, "20260301T020000Z-toy")
	write(t, night, concluded("toy", firstNight, 0), "nightly")
	s := read(t, dir)
	want(t, "concluded anew", []any{s.Remembered, s.Find("20260301")[0].Grade}, []any{6, verdict.Fail})
	if err := os.RemoveAll(night); err != nil {
		t.Fatal(err)
	}
	want(t, "removed", read(t, dir).Find("20260301"), []Run(nil))
}

// A link leads nowhere, not even to a run.
func TestLinks(t *testing.T) {
	dir, elsewhere := t.TempDir(), t.TempDir()
	nights(t, elsewhere, "toy", 3)
	if err := os.Symlink(elsewhere, filepath.Join(dir, "link")); err != nil {
		t.Skip(err)
	}
	s := read(t, dir)
	want(t, "runs", len(s.Runs), 0)
	want(t, "why", s.Skipped[0].Why, "it is a link, and links are not followed")
}

// BenchmarkRead reads a folder of 10,000 runs: all of them, and after one was added.
func BenchmarkRead(b *testing.B) {
	defer debug.SetGCPercent(debug.SetGCPercent(400)) // as the command does
	dir := b.TempDir()
	full(b, dir, 10_000)
	b.Run("cold", func(b *testing.B) {
		for b.Loop() {
			if s := read(b, dir); len(s.Runs) != 10_000 || s.Remembered != 0 {
				b.Fatal(len(s.Runs), s.Remembered)
			}
		}
	})
	text, err := read(b, dir).Remember()
	if err != nil {
		b.Fatal(err)
	}
	put(b, filepath.Join(dir, CacheFile), string(text))
	write(b, filepath.Join(dir, "one-more"), concluded("toy", firstNight.AddDate(90, 0, 0), 3), "")
	b.Run("incremental", func(b *testing.B) {
		for b.Loop() {
			if s := read(b, dir); len(s.Runs) != 10_001 || s.Remembered != 10_000 {
				b.Fatal(len(s.Runs), s.Remembered)
			}
		}
	})
}

// full makes a folder with so many runs of forty scenarios, each with a verdict as large as those of real drills.
func full(b testing.TB, dir string, n int) {
	b.Helper()
	for i := range n {
		at := firstNight.Add(time.Duration(i) * time.Hour)
		v := concluded(fmt.Sprintf("scenario-%d", i%40), at, 3+float64(i%7)/10)
		for range 12 {
			carried := map[string]int{"us-east-1": 283, "eu-west-1": 18}
			v.Windows = append(v.Windows, verdict.Window{Probe: "staff", Fault: "dark", Window: "fault", Carried: carried})
		}
		write(b, filepath.Join(dir, fmt.Sprintf("%s-%d", at.Format("20060102T150405Z"), i)), v, "nightly")
	}
}
