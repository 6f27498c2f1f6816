package history

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/go-json-experiment/json"
	"golang.org/x/tools/txtar"
)

// golden is the hand-worked history of the flagship.
func golden(tb testing.TB) []byte {
	tb.Helper()
	ar, err := txtar.ParseFile("../analysis/testdata/flagship.txtar")
	if err != nil {
		tb.Fatal(err)
	}
	for _, f := range ar.Files {
		if f.Name == HistoryFile {
			return f.Data
		}
	}
	tb.Fatal("the flagship has no history")
	return nil
}

// same reads a line both ways; where the fast one claims to understand, the library must agree.
func same(tb testing.TB, line []byte) (fast bool) {
	tb.Helper()
	seq, a, ok := interner{}.fast(line)
	if !ok {
		return false
	}
	var e Event
	if err := json.Unmarshal(line, &e); err != nil {
		tb.Fatalf("the library refuses what the fast reader has read: %v\n%s", err, line)
	}
	if e.Attempt == nil || seq != e.Seq || !reflect.DeepEqual(a, *e.Attempt) {
		tb.Fatalf("read as\n%+v\nby the library as\n%+v\n%s", a, e.Attempt, line)
	}
	return true
}

func TestFastAgreesWithTheLibrary(t *testing.T) {
	fast := 0
	lines := bytes.Split(golden(t), []byte("\n"))
	for _, line := range lines {
		if same(t, line) {
			fast++
		}
	}
	if fast < len(lines)*9/10 {
		t.Errorf("only %d of %d lines were read fast", fast, len(lines))
	}
}

func FuzzFast(f *testing.F) {
	for i, line := range bytes.Split(golden(f), []byte("\n")) {
		if i%97 == 0 {
			f.Add(line)
		}
	}
	f.Add([]byte(`{"seq":2,"at":1e3,"type":"attempt","attempt":{"probe":"a","probe":"b","due":01,"steps":[]}}`))
	f.Add([]byte(`{"seq":2,"at":-0.5,"type":"attempt","attempt":{"probe":"a","artifacts":["x"],"due":0.1234567}} `))
	f.Fuzz(func(t *testing.T, line []byte) { same(t, line) })
}

// FuzzRead shows that no bytes bring the reader down.
func FuzzRead(f *testing.F) {
	whole := golden(f)
	f.Add(whole[:4000])
	f.Add([]byte("{}\n{}\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if h, err := Read(bytes.NewReader(data)); err == nil && h.Plan.Schema != Schema {
			t.Error("a history without a plan was accepted")
		}
	})
}

func TestReadRefuses(t *testing.T) {
	plan := strings.SplitAfter(string(golden(t)), "\n")[0]
	for name, c := range map[string]struct{ text, want string }{
		"nothing":                {"", "it has no plan"},
		"no plan":                {`{"seq":1,"at":0.0,"type":"note","note":{"text":"x"}}` + "\n", "the first line must be the plan"},
		"two plans":              {plan + plan + plan, "line 2"},
		"another schema":         {strings.Replace(plan, "history/v1", "history/v9", 1), "history/v9"},
		"torn in the middle":     {plan + "{\"seq\":2\n" + `{"seq":3,"at":0.0,"type":"note","note":{"text":"x"}}` + "\n", "line 2"},
		"says another thing":     {plan + `{"seq":2,"at":0.0,"type":"attempt","note":{"text":"x"}}` + "\n\n" + plan, "line 2"},
		"longer than a lifetime": {plan + `{"seq":2,"at":1e99,"type":"note","note":{"text":"x"}}` + "\n" + plan, "hundred years"},
	} {
		if _, err := Read(strings.NewReader(c.text)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v; want %q in it", name, err, c.want)
		}
	}
	if _, err := Read(iotest.ErrReader(errors.New("input/output error"))); err == nil {
		t.Error("an unreadable disk was read")
	}
}

func TestTornLastLine(t *testing.T) {
	whole := golden(t)
	all, err := Read(bytes.NewReader(whole))
	if err != nil {
		t.Fatal(err)
	}
	for _, cut := range []int{1, 30, 70} {
		h, err := Read(bytes.NewReader(whole[:len(whole)-1-cut]))
		if err != nil || !h.Truncated || h.End != nil || len(h.Attempts) != len(all.Attempts) {
			t.Errorf("cut by %d: %v", cut, err)
		}
	}
}

// TestWriterWritesWhatReaderReads goes through every type of event.
func TestWriterWritesWhatReaderReads(t *testing.T) {
	events := []Event{
		{At: Seconds(-5.2), Type: TypePlan, Plan: &Plan{Schema: Schema, Zero: time.Date(2026, 11, 23, 15, 56, 11, 0, time.UTC)}},
		{At: 0, Type: TypePhase, Phase: &Phase{Name: PhaseDrill}},
		{At: 7, Type: TypeAttempt, Attempt: &Attempt{Probe: "staff", Due: -1, Ended: 6,
			Outcome: Bad, Class: ClassTLS, Detail: "a \"word\" – and\nmore",
			Steps: []Step{{Name: StepPortal, Host: "h", At: 1, Took: 2}}, Artifacts: []string{"artifacts/x.png"}}},
		{At: 8, Type: TypeFault, Fault: &Change{Name: "dark", Change: Effective, Edges: []Edge{{"a→b", 5}}}},
		{At: 9, Type: TypeMarker, Marker: &Marker{Name: MarkerDetected}},
		{At: 9, Type: TypeNote, Note: &Note{Text: "x"}},
		{At: 9, Type: TypeStall, Stall: &Stall{Since: 3, Until: 8, Took: 5, By: StallHeartbeat}},
		{At: 9, Type: TypeControl, Control: &Control{Sent: 1, Trips: []Trip{{"a→b", 8}}}},
		RigLost.Event(10, Rig{Part: "KMS", Seen: 9, Detail: "it refuses connections"}),
		{At: 10, Type: TypeEnd, End: &End{Reason: Completed, Undone: true}},
	}
	var out bytes.Buffer
	w := NewWriter(&out)
	for _, e := range events {
		if err := w.Record(e); err != nil {
			t.Fatal(err)
		}
	}
	h, err := Read(&out)
	if err != nil {
		t.Fatal(err)
	}
	events[2].Seq = 3
	if len(h.Attempts) != 1 || !reflect.DeepEqual(h.Attempts[0], *events[2].Attempt) || h.SeqOf[0] != 3 {
		t.Errorf("attempts %+v", h.Attempts)
	}
	if len(h.Events) != len(events)-1 || h.End == nil || h.EndAt != 10 || h.Plan.Zero != events[0].Plan.Zero {
		t.Errorf("read %+v", h)
	}
}

type full struct{ left int }

func (f *full) Write(b []byte) (int, error) {
	if f.left -= len(b); f.left < 0 {
		return 0, errors.New("no space left on device")
	}
	return len(b), nil
}

func TestWriterStopsAtItsFirstError(t *testing.T) {
	disk := &full{left: 100}
	w := NewWriter(disk)
	note := Event{Type: TypeNote, Note: &Note{Text: "about forty bytes of text"}}
	if err := w.Record(note); err != nil {
		t.Fatal(err)
	}
	if err := w.Record(note); err == nil {
		t.Fatal("a full disk was written to")
	}
	disk.left = 1000 // somebody made room: what follows a hole must not be written
	if err := w.Record(note); err == nil {
		t.Error("went on after a hole")
	}
}

func TestInstant(t *testing.T) {
	for text, want := range map[string]Instant{
		"0.0": 0, "10.02": 10_020_000, "-2.3": -2_300_000, "40.0": 40_000_000, "0.000001": 1, "-0.5": -500_000,
	} {
		var got Instant
		if err := got.UnmarshalJSON([]byte(text)); err != nil || got != want || got.String() != text {
			t.Errorf("%s: read as %d, written as %s, %v", text, got, got, err)
		}
	}
	var slow Instant
	if err := slow.UnmarshalJSON([]byte("1.5e1")); err != nil || slow != 15_000_000 {
		t.Errorf("an exponent: %d, %v", slow, err)
	}
}

func TestFolder(t *testing.T) {
	base := t.TempDir()
	now := time.Date(2026, 11, 23, 15, 56, 11, 0, time.UTC)
	name := FolderName(base, now, "primary-region-outage")
	if want := filepath.Join(base, "20261123T155611Z-primary-region-outage"); name != want {
		t.Errorf("named %s, want %s", name, want)
	}
	f, err := CreateFolder(name, []byte("schema: x\n"))
	if err != nil {
		t.Fatal(err)
	}
	path, err := f.Keep("staff-1-bad-../../x.png", []byte("png"))
	if err != nil || path != "artifacts/staff-1-bad-..-..-x.png" {
		t.Errorf("kept as %q, %v", path, err)
	}
	if err := f.Close(); err != nil {
		t.Error(err)
	}
	if info, err := os.Stat(name); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if again := FolderName(base, now, "primary-region-outage"); again != name+"-2" {
		t.Errorf("the second is named %s", again)
	}
	if _, err := CreateFolder(name, nil); err == nil || !strings.Contains(err.Error(), "not empty") {
		t.Errorf("a run would be overwritten: %v", err)
	}
	under := FolderName(filepath.Join(name, HistoryFile), now, "x") // a file: no name under it is ever free
	if _, err := CreateFolder(under, nil); err == nil {
		t.Errorf("a folder was made under a file: %s", under)
	}
}

// TestSustainedCounts: three periods are the least that can be told of a schedule.
func TestSustainedCounts(t *testing.T) {
	for _, c := range []struct{ lasts, gap, every, window, maxGap time.Duration }{
		{5 * time.Second, 0, 100 * time.Millisecond, 5 * time.Second, time.Second},
		{5 * time.Second, 0, 3 * time.Second, 9 * time.Second, 9 * time.Second},
		{5 * time.Second, 2 * time.Second, 3 * time.Second, 9 * time.Second, 2 * time.Second},
		{time.Second, 0, 334 * time.Millisecond, 1002 * time.Millisecond, 1002 * time.Millisecond},
	} {
		s := Sustained{For: At(c.lasts), Gap: At(c.gap)}
		if w, g := s.Window(At(c.every)).Duration(), s.MaxGap(At(c.every)).Duration(); w != c.window || g != c.maxGap {
			t.Errorf("%+v: a window of %v, a gap of %v", c, w, g)
		}
	}
}

// TestRatioOfNothing: a check that asks for no share asks for none, and where no check asks the default counts.
func TestRatioOfNothing(t *testing.T) {
	p := Plan{Sustained: []Sustained{{Probe: "staff", Ratio: 0}}}
	if p.Ratio("staff") != 0 || p.Ratio("other") != DefaultSustainedRatio {
		t.Error(p.Ratio("staff"), p.Ratio("other"))
	}
}

// TestLoadPlan: the first line is enough, whatever stands behind it, and nothing else is.
func TestLoadPlan(t *testing.T) {
	const plan = `{"seq":1,"at":-5.0,"type":"plan","plan":{"schema":"regiondrill.history/v1","scenario":"dark"}}`
	for text, want := range map[string]string{plan: "dark", plan + "\n{torn": "dark", "": "", plan[:40]: "",
		`{"seq":1,"at":0,"type":"phase","phase":{"name":"drill"}}`: ""} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, HistoryFile), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		p, err := LoadPlan(dir)
		if (err == nil) != (want != "") || err == nil && p.Scenario != want {
			t.Errorf("%q: %+v, %v", text, p, err)
		}
	}
	if _, err := LoadPlan(t.TempDir()); err == nil {
		t.Error("of no history")
	}
}

// TestHalfAFolderIsNone: where not all of a run's folder can be made, nothing of it is left.
func TestHalfAFolderIsNone(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("how long a path may be is another matter elsewhere")
	}
	dir := t.TempDir()
	path := dir
	const longest = 4095 // of a path: one for the run's folder, and none for what is in it
	for len(path) < longest-260 {
		path = filepath.Join(path, strings.Repeat("a", 200))
	}
	if err := os.MkdirAll(path, 0o700); err != nil {
		t.Fatal(err)
	}
	run := filepath.Join(path, strings.Repeat("r", min(255, longest-len(path)-1)))
	if _, err := CreateFolder(run, []byte("name: mine\n")); err == nil {
		t.Fatal("there is room for all")
	}
	if left, err := os.ReadDir(path); err != nil || len(left) != 0 {
		t.Errorf("it leaves %v, %v", left, err)
	}
}
