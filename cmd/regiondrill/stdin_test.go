package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestScenarioFromStandardInput: a - stands wherever a scenario is named.
func TestScenarioFromStandardInput(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("testdata", "calm.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	for said, c := range map[string]struct {
		text []byte
		code int
	}{"standard input: valid": {text, exitPass}, "standard input:1:1: nothing is in it": {nil, exitUsage}} {
		var out bytes.Buffer
		p := &program{catalog: toys(), stdin: bytes.NewReader(c.text), stdout: &out, stderr: &out, exit: func(int) {}}
		if code := p.main(t.Context(), []string{"validate", "-"}); code != c.code || !strings.Contains(out.String(), said) {
			t.Errorf("it ends with %d and says %s", code, out.String())
		}
	}
}
