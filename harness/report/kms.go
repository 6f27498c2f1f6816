package report

import (
	"cmp"
	"strings"

	"github.com/regiondrill/regiondrill/harness/verdict"
)

// kmsWords says in a line who played KMS and what it heeds, empty where that was a fake of ours.
func kmsWords(k *verdict.KMS) string {
	if k == nil {
		return ""
	}
	who := cmp.Or(strings.TrimSpace(k.Product+" "+k.Version), "an emulator")
	if k.Edition != "" {
		who += " (" + k.Edition + ")"
	}
	said := who + " at " + k.URL
	if len(k.Honours) > 0 {
		said += "; honours " + strings.Join(k.Honours, ", ")
	}
	if len(k.Ignores) > 0 {
		said += "; ignores " + strings.Join(k.Ignores, ", ")
	}
	return said
}
