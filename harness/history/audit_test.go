package history

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// sound is a history of a hundred good attempts and one fault that contradicts itself in nothing.
func sound() []string {
	lines := []string{`"at":-2.0,"type":"plan","plan":{"schema":"regiondrill.history/v1","scenario":"s","target":"lab",` +
		`"zero":"2026-11-23T15:56:11Z","primary":"us-east-1","regions":["us-east-1","eu-west-1"],` +
		`"probes":[{"name":"staff","home":"us-east-1","every":0.1,"limit":1.0}],` +
		`"faults":[{"name":"dark","kind":"region_outage","region":"us-east-1","where":{"region":"us-east-1"}}]}`}
	changes := map[int]string{
		50: `requested"`,
		52: `effective","edges":[{"edge":"a→us-east-1","at":5.15}]`,
		70: `healing"`,
		71: `healed","edges":[{"edge":"a→us-east-1","at":7.05}]`,
	}
	for k := range 100 {
		due, region := float64(k)/10, "us-east-1"
		if k >= 50 && k < 70 {
			region = "eu-west-1"
		}
		if changes[k] != "" {
			lines = append(lines, fmt.Sprintf(`"at":%.1f,"type":"fault","fault":{"name":"dark","change":"%s}`, due, changes[k]))
		}
		lines = append(lines, fmt.Sprintf(`"at":%.3f,"type":"attempt","attempt":{"probe":"staff","seq":%d,"kind":"k",`+
			`"home":"us-east-1","due":%.1f,"began":%.3f,"ended":%.3f,"outcome":"good","region":%q}`,
			due+0.05, k, due, due+0.001, due+0.05, region))
	}
	return append(lines, `"at":10.1,"type":"end","end":{"reason":"completed","undone":true}`)
}

// audited numbers the lines and reads them.
func audited(t *testing.T, lines []string) *History {
	t.Helper()
	var text strings.Builder
	for i, l := range lines {
		fmt.Fprintf(&text, "{\"seq\":%d,%s}\n", i+1, l)
	}
	h, err := Read(strings.NewReader(text.String()))
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// with replaces words of the line that holds them, once.
func with(lines []string, old, new string) []string {
	lines = slices.Clone(lines)
	i := slices.IndexFunc(lines, func(l string) bool { return strings.Contains(l, old) })
	lines[i] = strings.Replace(lines[i], old, new, 1)
	return lines
}

// carriedBy has another Region carry the attempt that ended at this instant.
func carriedBy(lines []string, ended, was, is string) []string {
	good := func(region string) string {
		return fmt.Sprintf(`"ended":%s,"outcome":"good","region":%q`, ended, region)
	}
	return with(lines, good(was), good(is))
}

// auditCase is a history, and what its audit says.
type auditCase struct {
	lines []string
	want  string
}

func auditSays(t *testing.T, cases map[string]auditCase) {
	t.Helper()
	for name, c := range cases {
		var said []string
		for _, found := range audited(t, c.lines).Contradictions {
			said = append(said, found.String())
		}
		if got := strings.Join(said, "; "); got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", name, got, c.want)
		}
	}
}

// numbered is how an attempt's number stands on its line.
func numbered(k int) string { return fmt.Sprintf(`"seq":%d,"kind"`, k) }

// at is the line of an attempt in sound, from 0.
func at(k int) int {
	return slices.IndexFunc(sound(), func(l string) bool { return strings.Contains(l, numbered(k)) })
}

func TestAudit(t *testing.T) {
	auditSays(t, map[string]auditCase{
		"sound": {sound(), ""},
		"two probes": {with(sound(), `"probes":[`, `"probes":[{"name":"staff","home":"us-east-1","every":0.1,"limit":1.0},`),
			`line 1: two probes are called "staff", so nobody can say whose attempts are whose`},
		"two faults": {with(sound(), `"faults":[`, `"faults":[{"name":"dark"},`),
			`line 1: two faults are called "dark", so nobody can say which of them changed`},
		"an attempt missing": {slices.Delete(sound(), at(30), at(30)+1), "attempt 30 of staff is missing"},
		"the first attempts": {slices.Delete(sound(), 1, 3), "2 attempts of staff are missing, the first of them number 0"},
		"an attempt twice": {with(sound(), numbered(31), numbered(30)),
			fmt.Sprintf("line %d: attempt 30 of staff is there twice; attempt 31 of staff is missing", at(31)+1)},
		"a negative number": {with(sound(), numbered(99), numbered(-1)),
			fmt.Sprintf("line %d: an attempt of staff has the number -1", at(99)+1)},
		"a ghost": {with(sound(), `"probe":"staff","seq":99`, `"probe":"ghost","seq":99`),
			fmt.Sprintf(`line %d: an attempt of "ghost", which is no probe of the plan`, at(99)+1)},
		"another home": {with(sound(), `"home":"us-east-1","due":9.9`, `"home":"eu-west-1","due":9.9`),
			fmt.Sprintf(`line %d: an attempt of staff has its home in "eu-west-1"; the plan says "us-east-1"`, at(99)+1)},
		"began before due": {with(sound(), `"began":9.901`, `"began":9.899`),
			fmt.Sprintf("line %d: an attempt of staff began before it was due", at(99)+1)},
		"ended before began": {with(sound(), `"ended":9.950`, `"ended":9.900`),
			fmt.Sprintf("line %d: an attempt of staff ended before it began", at(99)+1)},
		"after its limit": {with(sound(), `"ended":9.950`, `"ended":10.950`),
			fmt.Sprintf("line %d: an attempt of staff is called good 1.05 s after it was due, "+
				"beyond its limit of 1.0 s", at(99)+1)},
		"at its limit": {with(sound(), `"ended":9.950`, `"ended":10.900`), ""},
		"no Region": {with(sound(), `"ended":9.950,"outcome":"good","region":"us-east-1"`, `"ended":9.950,"outcome":"good"`),
			fmt.Sprintf("line %d: a good attempt of staff names no Region that carried it", at(99)+1)},
		"elsewhere": {carriedBy(sound(), "9.950", "us-east-1", "sa-east-1"),
			fmt.Sprintf(`line %d: a good attempt of staff was carried by "sa-east-1", `+
				`which is no Region of the system`, at(99)+1)},
		"no outcome": {with(sound(), `"ended":9.950,"outcome":"good"`, `"ended":9.950,"outcome":"goood"`),
			fmt.Sprintf(`line %d: an attempt of staff came out "goood", which is no outcome`, at(99)+1)},
	})
}

func TestAuditOfFaultsAndEnds(t *testing.T) {
	moved := func(from, to int) []string {
		lines := sound()
		line := lines[from]
		return slices.Insert(slices.Delete(lines, from, from+1), to, line)
	}
	through := carriedBy(sound(), "6.050", "eu-west-1", "us-east-1") // an attempt in the middle of the fault
	n := len(sound())
	auditSays(t, map[string]auditCase{
		"through the dark": {carriedBy(through, "6.150", "eu-west-1", "us-east-1"),
			fmt.Sprintf("lines %d, %d: an attempt of staff was carried by us-east-1 while dark, in force, "+
				"let nobody through (and 1 more like it)", at(60)+1, at(61)+1)},
		"narrowed": {with(through, `"where":{"region":"us-east-1"}`, `"where":{"region":"us-east-1","from":"a"}`), ""},
		"said by the plan": {with(through, `"kind":"region_outage"`, `"kind":"process","unreachable":["us-east-1"]`),
			fmt.Sprintf("line %d: an attempt of staff was carried by us-east-1 while dark, in force, "+
				"let nobody through", at(60)+1)},
		"a ghost of a fault": {with(sound(), `"name":"dark","change":"healed"`, `"name":"ghost","change":"healed"`),
			`line 76: a fault "ghost" changed, which the plan doesn't have`},
		"effective twice": {with(sound(), `"change":"healed"`, `"change":"effective"`),
			"lines 55, 76: dark was effective twice"},
		"never requested": {with(sound(), `"change":"requested"`, `"change":"unproven"`),
			"lines 52, 55, 74, 76: dark changed and was never requested"},
		"healed too early": {with(sound(), `us-east-1","at":7.05`, `us-east-1","at":6.95`),
			"lines 74, 76: dark was healing at 7.0 s and healed at 6.95 s, which is no order that a fault can have"},
		"effective early": {with(sound(), `us-east-1","at":5.15`, `us-east-1","at":4.95`),
			"lines 52, 55: dark was requested at 5.0 s and effective at 4.95 s, which is no order that a fault can have"},
		"after the end": {moved(n-1, n-2), fmt.Sprintf("line %d: something happened after the run's end", n)},
		"two ends": {append(sound(), `"at":10.1,"type":"end","end":{"reason":"completed","undone":true}`),
			fmt.Sprintf("line %d: the run ended a second time", n+1)},
		"until the end": {slices.Insert(sound(), n-1, `"at":10.9,"type":"phase","phase":{"name":"draining"}`), ""},
		"the last attempts": {slices.Insert(sound(), n-1, `"at":11.0,"type":"phase","phase":{"name":"draining"}`),
			"nobody of staff came after 9.9 s, though they should have until 11.0 s"},
		// What was in flight is missing.
		"killed": {slices.Delete(slices.Delete(sound(), n-1, n), at(95), at(95)+1), ""},
	})
}

// TestAuditOfLinesOutOfPlace: a line that is missing, repeated or moved is told by its number, whatever it says.
func TestAuditOfLinesOutOfPlace(t *testing.T) {
	numbered := func() []string {
		lines := sound()
		for i := range lines {
			lines[i] = fmt.Sprintf("{\"seq\":%d,%s}\n", i+1, lines[i])
		}
		return lines
	}
	for name, bend := range map[string]func(l []string) []string{
		"one is missing":     func(l []string) []string { return slices.Delete(l, 40, 41) },
		"one is there twice": func(l []string) []string { return slices.Insert(l, 40, l[40]) },
		"shuffled": func(l []string) []string {
			rng := rand.New(rand.NewPCG(1, 2))
			rng.Shuffle(len(l)-2, func(i, j int) { l[i+1], l[j+1] = l[j+1], l[i+1] })
			return l
		},
	} {
		h, err := Read(strings.NewReader(strings.Join(bend(numbered()), "")))
		if err != nil {
			t.Fatal(err)
		}
		const says = "its number isn't its place in the file"
		if len(h.Contradictions) == 0 || !strings.Contains(h.Contradictions[0].String(), says) {
			t.Errorf("%s: %v", name, h.Contradictions)
		}
	}
}
