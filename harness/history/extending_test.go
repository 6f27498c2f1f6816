package history

import "testing"

// Paged is recorded when somebody on call was told of an outage.
const Paged Kind[Page] = "paged"

// Page is who was told, and by what.
type Page struct {
	Who string `json:"who"`
	By  string `json:"by"`
}

// The kind of record of docs/extending.md is one.
func TestTheRecordOfThePage(t *testing.T) {
	e := Paged.Event(Seconds(12.5), Page{Who: "on call", By: "pager"})
	if p, ok := Paged.Of(&e); !ok || p.Who != "on call" {
		t.Errorf("it is read back as %+v, %t", p, ok)
	}
	if _, ok := RigLost.Of(&e); ok {
		t.Error("it is taken for another")
	}
}
