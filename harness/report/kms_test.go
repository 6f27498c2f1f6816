package report

import (
	"bytes"
	"strings"
	"testing"

	"github.com/regiondrill/regiondrill/harness/verdict"
)

// Who played KMS, and what it doesn't heed, stands in all that people read, and what it says of itself harms no page.
func TestWhoPlayedKMS(t *testing.T) {
	r := sample(t, "flagship")
	none := text(t, r, false)
	if strings.Contains(none, "KMS  ") {
		t.Errorf("of a fake of ours the text says\n%s", none)
	}
	v := *r.Verdict
	v.KMS = &verdict.KMS{URL: "http://127.0.0.1:4566", Product: "LocalStack", Version: "4.14.0<b>", Edition: "community",
		Honours: []string{"disabled keys"}, Ignores: []string{"what a key policy denies"}}
	told := *r
	told.Verdict = &v
	for file, said := range map[string][]byte{"text": []byte(text(t, &told, false)),
		"summary.md": export(t, "summary.md", &told), "report.html": export(t, "report.html", &told),
		"verdict.json": export(t, "verdict.json", &told)} {
		for _, word := range []string{"LocalStack", "4.14.0", "community", "disabled keys", "what a key policy denies"} {
			if !strings.Contains(strings.Join(strings.Fields(string(said)), " "), word) {
				t.Errorf("%s doesn't say %q", file, word)
			}
		}
		if file != "text" && bytes.Contains(said, []byte("4.14.0<b>")) {
			t.Errorf("%s holds its markup", file)
		}
	}
}
