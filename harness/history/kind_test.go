package history

import (
	"strings"
	"testing"
)

// A kind of record is read back as it was written; a line that says it is of a kind and isn't is refused, and one of a
// kind that this version doesn't know is kept.
func TestKindsOfRecords(t *testing.T) {
	e := RigLost.Event(3, Rig{Part: "KMS", Seen: 2, Detail: "gone"})
	if rig, ok := RigLost.Of(&e); !ok || rig != (Rig{Part: "KMS", Seen: 2, Detail: "gone"}) {
		t.Errorf("it holds %+v, %t", rig, ok)
	}
	if _, ok := Kind[Rig]("crane").Of(&e); ok {
		t.Error("it is taken for another kind")
	}
	const plan = `{"seq":1,"at":0.0,"type":"plan","plan":{"schema":"` + Schema + `"}}` + "\n"
	for line, want := range map[string]string{
		`{"seq":2,"at":1.0,"type":"rig","data":{"part":"KMS","seen":0.5,"detail":"gone"}}`: "",
		`{"seq":2,"at":1.0,"type":"rig","data":{"part":3}}`:                                "holds something else",
		`{"seq":2,"at":1.0,"type":"rig"}`:                                                  "holds something else",
		`{"seq":2,"at":1.0,"type":"crane","data":[1]}`:                                     "",
	} {
		const next = `{"seq":3,"at":2.0,"type":"phase","phase":{"name":"drill"}}` + "\n" // only a last line may be torn
		h, err := Read(strings.NewReader(plan + line + "\n" + next))
		switch {
		case want == "" && (err != nil || len(h.Events) != 3):
			t.Errorf("%s: %v", line, err)
		case want != "" && (err == nil || !strings.Contains(err.Error(), want)):
			t.Errorf("%s: %v", line, err)
		}
	}
}
