package scenario

import (
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"
	"time"
)

const minimal = `schema: regiondrill.scenario/v1
name: minimal
system:
  primary: us-east-1
  additional: [eu-west-1]
vantages:
  home: {}
probes:
  - {name: staff, kind: saml_login, from: home, home: us-east-1, every: 1s, limit: 5s}
`

func read(t *testing.T, text string) *Scenario {
	t.Helper()
	s, err := Read(strings.NewReader(text), "F")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestDefaults(t *testing.T) {
	s := read(t, minimal)
	if s.Seed != 1 || s.WarmUp != 5*time.Second || s.Settle != 20*time.Second {
		t.Errorf("seed %d, warm_up %s, settle %s", s.Seed, s.WarmUp, s.Settle)
	}
	if !reflect.DeepEqual(s.System.Directory, Directory{Users: 40, Groups: 6, Accounts: 3, PermissionSets: 4}) || s.System.KMS.Backend != "embedded" || s.System.IdP.Dialect != "okta" {
		t.Errorf("system %+v", s.System)
	}
	if got := strings.Join(s.System.IdP.ACS, " "); got != "us-east-1 eu-west-1" {
		t.Errorf("ACS of all Regions expected, got %q", got)
	}
	if string(s.Source) != minimal || s.File != "F" {
		t.Errorf("the bytes as given are not kept")
	}
}

func TestFoolishIsNotBad(t *testing.T) {
	s := read(t, strings.Replace(minimal, "vantages:", "  idp: {acs: [], bookmarks: []}\nfaults: []\nchecks: []\nvantages:", 1))
	if acs := s.System.IdP.ACS; acs == nil || len(acs) != 0 {
		t.Errorf("an empty list of ACS is asked for, got %v", acs)
	}
}

func TestHostileBytes(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"empty", "", "F:1:1: nothing is in it"},
		{"only a comment", "# nothing\n", "F:1:1: nothing is in it"},
		{"only a marker", "---\n", "F:1:1: nothing is in it"},
		{"NUL", "name: x\nab\x00", "F:2:3: control character U+0000 does not belong in a scenario"},
		{"escape", "name: é\x1b[31m", "F:1:8: control character U+001B does not belong in a scenario"},
		{"Latin 1", "name: caf\xe9", "F:1:10: byte 0xE9 is not UTF-8 text"},
		{"UTF-16", "\xff\xfen\x00", "F:1:1: byte 0xFF is not UTF-8 text"},
		{"huge", strings.Repeat("#", maxBytes+1), "F:1:1: more than 1 MiB is no scenario"},
		{"deeper than the parser goes", strings.Repeat("[", 20000), "F:1:1: not YAML: exceeded max depth of 10000"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Read(strings.NewReader(c.text), "F")
			if err == nil || err.Error() != c.want {
				t.Errorf("got %v, want %s", err, c.want)
			}
		})
	}
}

func TestByteOrderMarkIsPassedOver(t *testing.T) { read(t, "\ufeff"+minimal) }

func TestFloodIsCutShort(t *testing.T) {
	var flood strings.Builder
	for i := range 999 {
		fmt.Fprintf(&flood, "  - x%d\n", i)
	}
	_, err := Read(strings.NewReader(minimal+flood.String()), "F")
	var all Errors
	if !errors.As(err, &all) || len(all) != maxErrors+1 || all[maxErrors].Sentence != "and 899 more" {
		t.Errorf("got %d errors, the last %v", len(all), all[len(all)-1])
	}
	_, err = Read(strings.NewReader(minimal+strings.Repeat("  - x\n", 30)), "F")
	if want := `F:10:5: a probe must be a block of keys, not "x" (also in lines 11, 12, `; err == nil || !strings.HasPrefix(err.Error(), want) ||
		!strings.HasSuffix(err.Error(), ", 30 and 9 more)") {
		t.Errorf("the same thirty times is told as %v", err)
	}
}

func TestListsEnd(t *testing.T) {
	_, err := Read(strings.NewReader(minimal+strings.Repeat("  - x\n", 1000)), "F")
	if want := `F:1009:5: "probes" has more than 1000 elements`; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestFileThatCannotBeRead(t *testing.T) {
	_, err := Read(iotest.ErrReader(io.ErrUnexpectedEOF), "F")
	if !errors.Is(err, io.ErrUnexpectedEOF) || err.Error() != "reading F: unexpected EOF" {
		t.Errorf("got %v", err)
	}
}

func TestIntoKeepsDefaultsApart(t *testing.T) {
	s, err := flagship(t)
	if err != nil {
		t.Fatal(err)
	}
	shared := &sustained{For: time.Second, Ratio: 0.5}
	var first, second recovery
	first.Sustained, second.Sustained = shared, shared
	if err := Into(s.Checks[0].Block, &first); err != nil {
		t.Fatal(err)
	}
	if err := Into(s.Checks[1].Block, &second); err != nil {
		t.Fatal(err)
	}
	if *first.Sustained != (sustained{5 * time.Second, 0.99}) || *second.Sustained != (sustained{time.Second, 0.5}) {
		t.Errorf("got %v and %v", first.Sustained, second.Sustained)
	}
}

// everything is a kind with each type that a kind may have.
type everything struct {
	Text   string                   `yaml:"text"`
	Flag   bool                     `yaml:"flag"`
	Count  int                      `yaml:"count" min:"-5"`
	Big    uint64                   `yaml:"big"`
	Share  float64                  `yaml:"share"`
	Shift  time.Duration            `yaml:"shift" min:"-1h"`
	Words  []string                 `yaml:"words" enum:"a,b"`
	Times  map[string]time.Duration `yaml:"spans"`
	Parts  []sustained              `yaml:"parts"`
	When   At                       `yaml:"when"`
	Hidden string
	Block  Block
}

func TestIntoEveryType(t *testing.T) {
	s := read(t, minimal+`faults:
  - name: f
    kind: everything
    at: 1s
    for: 1s
    text: some
    flag: true
    count: -5
    big: 18446744073709551615
    share: 0.25
    shift: -30m
    words: [b, a]
    spans: {x: 1s}
    parts: [{ratio: 0.5}]
    when: f.healed + 2s
`)
	v := everything{Times: map[string]time.Duration{"y": 2}, Words: []string{"a"}, Hidden: "kept"}
	defaults := v.Times
	if err := Into(s.Faults[0].Block, &v); err != nil {
		t.Fatal(err)
	}
	if v.Text != "some" || !v.Flag || v.Count != -5 || v.Big != 1<<64-1 || v.Share != 0.25 || v.Shift != -30*time.Minute {
		t.Errorf("read %+v", v)
	}
	if strings.Join(v.Words, "") != "ba" || v.Times["x"] != time.Second || v.Times["y"] != 2 || len(defaults) != 1 {
		t.Errorf("read %+v over %v", v, defaults)
	}
	if v.Parts[0] != (sustained{5 * time.Second, 0.5}) || v.When.String() != "f.healed + 2s" || v.Hidden != "kept" {
		t.Errorf("read %+v", v)
	}
	if p := v.Block.Pos("parts.0.ratio"); p.Line != 23 || p.Col != 21 {
		t.Errorf("parts.0.ratio is at %s", p)
	}
	if err := Into(Block{}, &v); err != nil {
		t.Errorf("a block of no file: %v", err)
	}
}

func TestPositions(t *testing.T) {
	s, err := flagship(t, "system.idp.acs=[us-east-1, mars]", "probes.ireland.from=moon")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		b         Block
		key, want string
	}{
		{s.Probes[0].Block, "from", "flagship.yaml:31:11"},
		{s.Probes[0].Block, "steer.to", "flagship.yaml:35:31"},
		{s.Probes[0].Block, "nothing.here", "flagship.yaml:29:5"},
		{s.Probes[2].Block, "from", "--set probes.ireland.from=moon"},
		{s.Faults[0].Block, "where.region", "flagship.yaml:55:21"},
		{s.Faults[0].Block, "where.place", "flagship.yaml:55:12"},
		{s.Checks[0].Block, "sustained.for", "flagship.yaml:65:22"},
		{s.Vantages[1].Block, "rtt.idp", "flagship.yaml:23:58"},
		{s.Block, "system.additional.0", "flagship.yaml:12:16"},
		{s.Block, "system.idp.acs.1", "--set system.idp.acs=[us-east-1, mars]"},
		{s.Block, "probes.staff.every", "flagship.yaml:33:12"},
	} {
		if got := c.b.Pos(c.key).String(); got != c.want {
			t.Errorf("%s is at %s, want %s", c.key, got, c.want)
		}
	}
	e := s.Probes[0].Block.NoSuch("from", "vantage", "dubln", []string{"new-york", "dublin"})
	if want := `flagship.yaml:31:11: no vantage is called "dubln"; did you mean "dublin"?`; e.Error() != want {
		t.Errorf("got %s", e)
	}
	if !s.Probes[0].Block.Has("steer.to") || s.Probes[2].Block.Has("steer") {
		t.Error("Has is wrong about steer")
	}
}

func TestSuggest(t *testing.T) {
	regions := []string{"us-east-1", "us-east-2", "eu-west-1"}
	for word, want := range map[string]string{
		"eu-wset-1":             `did you mean "eu-west-1"?`,
		"us-east-1a":            `did you mean "us-east-1"?`,
		"EU-WEST-1":             `did you mean "eu-west-1"?`,
		"mars":                  "",
		"":                      "",
		strings.Repeat("a", 99): "",
	} {
		if got := Suggest(word, regions); got != want {
			t.Errorf("%q: got %q, want %q", word, got, want)
		}
	}
	if got := Suggest("x", []string{"y"}); got != "" {
		t.Errorf("a word replaced altogether is no slip: %q", got)
	}
}

func TestJoin(t *testing.T) {
	at := func(line int, s string) *Error {
		return &Error{Position: Position{File: "F", Line: line, Col: 1}, Sentence: s}
	}
	other := errors.New("another kind")
	err := Join(Errors{at(3, "c"), at(1, "a")}, nil, at(2, "b"), Errors{at(3, "c")})
	if want := "F:1:1: a\nF:2:1: b\nF:3:1: c"; err == nil || err.Error() != want {
		t.Errorf("got %v", err)
	}
	if err := Join(nil, nil); err != nil {
		t.Errorf("nothing joined is %v", err)
	}
	if err := Join(other, at(1, "a")); !errors.Is(err, other) || !strings.HasPrefix(err.Error(), "F:1:1: a\n") {
		t.Errorf("got %v", err)
	}
}

func TestInstants(t *testing.T) {
	for text, want := range map[string]At{
		"10s":                    {Offset: 10 * time.Second},
		"dark.effective":         {Name: "dark", Event: Effective},
		"dark.effective + 5s":    {Name: "dark", Event: Effective, Offset: 5 * time.Second},
		"a-b.healed+1m30s":       {Name: "a-b", Event: Healed, Offset: 90 * time.Second},
		"effective.healed +1h0s": {Name: "effective", Event: Healed, Offset: time.Hour},
	} {
		var at, again At
		if err := at.UnmarshalText([]byte(text)); err != nil || at != want {
			t.Errorf("%s: got %+v, %v", text, at, err)
		}
		if err := again.UnmarshalText([]byte(at.String())); err != nil || again != at {
			t.Errorf("%s comes back as %s", text, at)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(minimal), "probes.0.every=2s")
	f.Add([]byte("a: &a [*a]\n<<: *a\n? [x]\n: !!binary y\n"), "a.b.c=~")
	f.Add([]byte("---\n...\n---\n"), "a=")
	f.Add([]byte("{? : ,}"), "probes.staff.steer={by: none}")
	f.Add([]byte("probes: [{}, [], ~, {name: ~}]\nvantages: {a: , b: [], ~: {rtt: {~: ~}}}\n"), "vantages.a.rtt.x=1s")
	f.Add([]byte("\"\\x00\": 1\r\u0085\u2028b: *c"), "x=\x00")
	f.Fuzz(func(t *testing.T, data []byte, flag string) {
		var sets []Set
		if set, err := ParseSet(flag); err == nil {
			sets = append(sets, set)
		}
		s, err := ReadWith(strings.NewReader(string(data)), "F", With{Sets: sets})
		if s != nil {
			err = Join(err, toys().Check(s))
		}
		var all Errors
		if err != nil && !errors.As(err, &all) {
			t.Fatalf("an error of another kind: %v", err)
		}
		for _, e := range all {
			if e.Line < 1 || e.Col < 1 || e.File != "F" || e.Sentence == "" || strings.ContainsAny(e.Sentence, "\n\x1b\x00") {
				t.Errorf("%#v", e)
			}
		}
	})
}
