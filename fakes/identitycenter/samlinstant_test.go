package identitycenter

import (
	"strings"
	"testing"
	"time"

	"github.com/regiondrill/regiondrill/fakes/xmldsig"
)

func TestInstants(t *testing.T) {
	half := time.Date(2026, 11, 23, 12, 0, 0, 500e6, time.UTC)
	for text, want := range map[string]time.Time{
		"2026-11-23T12:00:00Z": testNow, "2026-11-23T12:00:00.5Z": half, "2026-11-23T12:00:00.50Z": half,
		"2026-11-23T12:00:00.500Z": half, "2026-11-23T12:00:00.500000000000Z": half,
		"2024-02-29T00:00:00Z": time.Date(2024, 2, 29, 0, 0, 0, 0, time.UTC),
		"9999-12-31T23:59:59Z": time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC),
	} {
		if got, ok := instant(dated(text), "at"); !ok || !got.Equal(want) {
			t.Errorf("%s: %v, %t", text, got, ok)
		}
	}
	for _, text := range []string{
		"", "Z", "2026-11-23", "2026-11-23T12:00:00", "2026-11-23T12:00Z", "2026-11-23t12:00:00Z", "2026-11-23T12:00:00z",
		"2026-11-23 12:00:00Z", "2026-11-23T12:00:00+00:00", "2026-11-23T12:00:00-00:00Z", "2026-11-23T12:00:00ZZ",
		"2026-11-23T24:00:00Z", "2026-11-23T12:60:00Z", "2026-12-31T23:59:60Z", "2026-11-31T12:00:00Z", "2026-02-29T12:00:00Z",
		"2026-00-23T12:00:00Z", "2026-11-00T12:00:00Z", "2026-11-23T1:00:00Z", "2026-11-23T12:00:0Z", "26-11-23T12:00:00Z",
		"2026-11-23T12:00:00,5Z", "2026-11-23T12:00:00.Z", "2026-11-23T12:00:00.5.5Z", "2026-11-23T12:00:00.+5Z",
		" 2026-11-23T12:00:00Z", "2026-11-23T12:00:00Z ", "+2026-11-23T12:00:00Z", "-2026-11-23T12:00:00Z", "12026-11-23T12:00:00Z",
		"1969-12-31T23:59:59Z", "0000-01-01T00:00:00Z", "2026-11-23T12:00:00." + strings.Repeat("0", 30) + "Z",
	} {
		if got, ok := instant(dated(text), "at"); ok {
			t.Errorf("%q is read as %v", text, got)
		}
	}
}

func dated(text string) *xmldsig.Element {
	return &xmldsig.Element{Attrs: []xmldsig.Attr{{Name: "at", Value: text}}}
}
