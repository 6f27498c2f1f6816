package report

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"image"
	"image/color"
	"image/png"
	"strings"
	"testing"

	"github.com/clipperhouse/displaywidth"
	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
)

// picture is a screenshot of nothing in particular.
func picture(t testing.TB, seed string) []byte {
	t.Helper()
	img := image.NewRGBA(image.Rect(0, 0, 640, 400))
	for y := range 400 {
		for x := range 640 {
			img.Set(x, y, color.RGBA{uint8(x / 4), uint8(len(seed) * 4), uint8(y / 2), 255})
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// The outputs of the histories that differ most, as people and machines get them.
func TestGolden(t *testing.T) {
	for _, name := range []string{"flagship", "never-recovered", "hangs-held", "stopped", "two-faults", "broken-before",
		"role-credentials", "acs-swap"} {
		t.Run(name, func(t *testing.T) {
			r := sample(t, name)
			golden(t, name+".txt", []byte(text(t, r, false)))
			golden(t, name+".junit.xml", export(t, "junit.xml", r))
			golden(t, name+".summary.md", export(t, "summary.md", r))
		})
	}
}

func TestGoldenMetrics(t *testing.T) {
	golden(t, "flagship.metrics.prom", export(t, "metrics.prom", sample(t, "flagship")))
	golden(t, "stopped.metrics.prom", export(t, "metrics.prom", sample(t, "stopped")))
}

func TestGoldenAggregate(t *testing.T) {
	drills := []*Report{sample(t, "flagship"), sample(t, "never-recovered"), sample(t, "flagship")}
	golden(t, "aggregate.junit.xml", export(t, "junit.xml", drills...))
	golden(t, "aggregate.summary.md", export(t, "summary.md", drills...))
	golden(t, "aggregate.metrics.prom", export(t, "metrics.prom", drills...))
}

func TestTextFitsAndColoursOnlyWhenAsked(t *testing.T) {
	for _, name := range sampleNames(t) {
		r := sample(t, name)
		plain, coloured := text(t, r, false), text(t, r, true)
		for line := range strings.Lines(plain) {
			if displaywidth.String(line) > unseen {
				t.Errorf("%s: wider than %d columns: %q", name, unseen, line)
			}
		}
		if strings.Contains(plain, "\x1b") || !strings.Contains(coloured, "\x1b[") {
			t.Errorf("%s: colour where none was asked for, or none where it was", name)
		}
		if strings.Contains(plain, "RTO") {
			t.Errorf("%s: says RTO, which is neither objective nor actual", name)
		}
	}
}

func TestVerdictIsTheSameBytes(t *testing.T) {
	for _, name := range sampleNames(t) {
		first, again := export(t, "verdict.json", sample(t, name)), export(t, "verdict.json", sample(t, name))
		if !bytes.Equal(first, again) || !json.Valid(first) {
			t.Errorf("%s: verdict.json differs from one time to the next, or is no JSON", name)
		}
		if marshalled, err := Marshal(sample(t, name).Verdict); err != nil || !bytes.Equal(first, marshalled) {
			t.Errorf("%s: verdict.json is not what Marshal writes: %v", name, err)
		}
	}
	var all struct {
		Schema, Grade string
		Drills        []json.RawMessage
	}
	if err := json.Unmarshal(export(t, "verdict.json", sample(t, "flagship"), sample(t, "stopped")), &all); err != nil {
		t.Fatal(err)
	}
	if all.Schema != VerdictsSchema || all.Grade != "unknown" || len(all.Drills) != 2 {
		t.Errorf("the aggregate is %+v", all)
	}
}

func TestMetricsAreLintClean(t *testing.T) {
	for _, name := range sampleNames(t) {
		problems, err := promlint.New(bytes.NewReader(export(t, "metrics.prom", sample(t, name)))).Lint()
		if err != nil || len(problems) > 0 {
			t.Errorf("%s: %v %v", name, problems, err)
		}
	}
}

func TestJUnitIsWellFormedAndUnique(t *testing.T) {
	for _, name := range sampleNames(t) {
		r := sample(t, name)
		var suites junitSuites
		if err := xml.Unmarshal(export(t, "junit.xml", r, r), &suites); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		seen, cases := map[string]bool{}, 0
		for _, s := range suites.Suites {
			for _, c := range s.Cases {
				if key := c.Classname + "\x00" + c.Name; seen[key] {
					t.Errorf("%s: %s / %s twice", name, c.Classname, c.Name)
				} else {
					seen[key], cases = true, cases+1
				}
			}
		}
		if cases != suites.Tests || cases == 0 {
			t.Errorf("%s: %d cases, and tests says %d", name, cases, suites.Tests)
		}
		if red := *suites.Failures > 0; red != (r.Verdict.Grade != "pass") {
			t.Errorf("%s: grade %s, but %d failures", name, r.Verdict.Grade, *suites.Failures)
		}
	}
}
