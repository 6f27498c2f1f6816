package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/regiondrill/regiondrill/scenarios"
)

// nonsense is what somebody may have left behind a key.
var nonsense = []string{`""`, "0", "-1", "x", "1e99", "[]", "{}", "null",
	"99999999999999999999", "5 parsecs", "0s", "-3s", "2562047h", "1ns"}

// mutants are a text with each line dropped in turn, and with nonsense for each line's value and for each value that
// stands in braces.
func mutants(text string) []string {
	value := regexp.MustCompile(`^(\s*(?:- )?[a-z_0-9-]+:)\s.*`)
	inner := regexp.MustCompile(`[a-z_0-9-]+: ?([^{},]+)[,}]`)
	lines := strings.SplitAfter(text, "\n")
	var made []string
	with := func(i int, line string) {
		made = append(made, strings.Join(lines[:i], "")+line+strings.Join(lines[i+1:], ""))
	}
	for i, line := range lines {
		with(i, "")
		for _, word := range nonsense {
			if m := value.FindStringSubmatch(line); m != nil {
				with(i, m[1]+" "+word+"\n")
			}
			for _, at := range inner.FindAllStringSubmatchIndex(line, -1) {
				with(i, line[:at[2]]+word+line[at[3]:])
			}
		}
	}
	return made
}

// TestMutants holds validate and plan against every mutant of every shipped scenario: they find it sound or end with
// 64 and a place within the file for each mistake. One in ninety-seven is taken, all with REGIONDRILL_MUTANTS=all.
func TestMutants(t *testing.T) {
	t.Parallel()
	entries, err := scenarios.FS.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	step := 97
	if os.Getenv("REGIONDRILL_MUTANTS") == "all" {
		step = 1
	}
	file, n := filepath.Join(t.TempDir(), "mutant.yaml"), 0
	for _, entry := range entries {
		data, err := scenarios.FS.ReadFile(entry.Name())
		if err != nil {
			t.Fatal(err)
		}
		target := "--target=lab"
		if bytes.Contains(data, []byte("--target containers")) {
			target = "--target=containers"
		}
		all := mutants(string(data))
		for i := 0; i < len(all); i += step {
			n++
			if err := os.WriteFile(file, []byte(all[i]), 0o600); err != nil {
				t.Fatal(err)
			}
			if told := strange(t, file, target, strings.Count(all[i], "\n")+1); told != "" {
				t.Fatalf("%s of\n%s", told, all[i])
			}
		}
	}
	t.Logf("%d mutants", n)
}

// strange says what validate and plan do with a file that they should not.
func strange(t *testing.T, file, target string, lines int) string {
	t.Helper()
	var codes []int
	for _, command := range []string{"validate", "plan"} {
		var stdout, stderr bytes.Buffer
		code := Run(t.Context(), []string{command, file, target}, nil, &stdout, &stderr, nil)
		if codes = append(codes, code); code != exitPass && code != exitUsage || codes[0] != code {
			return fmt.Sprintf("%s ends with %v: %s", command, codes, stderr.String())
		}
		if code == exitUsage && stderr.Len() == 0 {
			return command + " says nothing"
		}
		for line := range strings.Lines(stderr.String()) {
			place, told := strings.CutPrefix(line, file+":")
			number, _, _ := strings.Cut(place, ":")
			if at, err := strconv.Atoi(number); !told || err != nil || at < 1 || at > lines {
				return fmt.Sprintf("%s, which has %d lines, is told: %s", command, lines, line)
			}
		}
	}
	return ""
}
