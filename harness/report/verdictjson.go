package report

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/regiondrill/regiondrill/harness/verdict"
)

// VerdictsSchema names the format of the verdict.json of several drills.
const VerdictsSchema = "regiondrill.verdicts/v1"

// verdicts is the aggregate of several drills, in the order in which they were asked for.
type verdicts struct {
	Schema string             `json:"schema"`
	Grade  verdict.Grade      `json:"grade"`
	Drills []*verdict.Verdict `json:"drills"`
}

// Marshal writes a verdict as verdict.json has it: indented JSON that ends in a newline, the same bytes for the same
// verdict.
func Marshal(v *verdict.Verdict) ([]byte, error) { return marshal(v) }

func marshal(v any) ([]byte, error) {
	b, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("writing the verdict: %w", err)
	}
	return append(b, '\n'), nil
}

// writeVerdict writes verdict.json: of one drill its verdict, of several an object that holds them all.
func writeVerdict(w io.Writer, drills []*Report) error {
	var v any
	if len(drills) == 1 {
		v = open(drills[0]).Verdict
	} else {
		all := verdicts{Schema: VerdictsSchema, Grade: Overall(drills), Drills: []*verdict.Verdict{}}
		for _, d := range openAll(drills) {
			all.Drills = append(all.Drills, d.Verdict)
		}
		v = all
	}
	b, err := marshal(v)
	if err == nil {
		_, err = w.Write(b)
	}
	return err
}
