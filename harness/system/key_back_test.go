package system_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/regiondrill/regiondrill/fakes/kms"
	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/names"
	"github.com/regiondrill/regiondrill/harness/rollback"
	"github.com/regiondrill/regiondrill/harness/system"
)

// TestAKeyThatGoesWithTheRun leaves nothing to another process, and nothing to undo once nobody plays KMS any more. As
// long as somebody does, an undo that is refused is an error.
func TestAKeyThatGoesWithTheRun(t *testing.T) {
	design := system.NewDesign(topology())
	service := kms.New(design.KMS(), kms.Deps{})
	id, err := service.CreateKey(region, "")
	if err != nil {
		t.Fatal(err)
	}
	gone := false
	refusing := ""
	key := design.KeyOf(region, names.KeyARN(region, design.Instance.Account, id), http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case gone:
			http.Error(w, "Nothing answers behind this host.", http.StatusBadGateway)
		case refusing != "" && strings.HasSuffix(r.Header.Get("X-Amz-Target"), refusing):
			w.WriteHeader(http.StatusBadRequest)
			_, _ = w.Write([]byte(`{"__type": "AccessDeniedException"}`))
		default:
			service.Handler(region).ServeHTTP(w, r)
		}
	}))
	change := harness.KeyChange{Disabled: true, Was: harness.KeyEnabled}
	if i := key.TakingBack(change); i.Kind != "" {
		t.Errorf("its intent is %+v", i)
	}
	if err := key.Disable(t.Context()); err != nil {
		t.Fatal(err)
	}
	refusing = "EnableKey"
	if err := key.TakeBack(t.Context(), change); err == nil {
		t.Error("what was refused is said to be undone")
	}
	gone = true
	var said []string
	ctx := rollback.Telling(t.Context(), func(s string) { said = append(said, s) })
	if err := key.TakeBack(ctx, change); err != nil || len(said) != 1 || !strings.Contains(said[0], "is gone") {
		t.Errorf("it says %q, %v", said, err)
	}
	gone, refusing = false, ""
	if err := key.TakeBack(t.Context(), change); err != nil {
		t.Error(err)
	}
	if state, err := service.State(region, id); err != nil || state != kms.Enabled {
		t.Errorf("it is %s, %v", state, err)
	}
}

// A key of somebody else's, of which nothing can be told, keeps none of the run's own from being scheduled for deletion.
func TestKeysAreDeletedBesideForeignOnes(t *testing.T) {
	e := newEndpoint(t)
	const mark = "regiondrill TEST"
	for range 8 { // some come after the other one, in whatever order they are listed
		e.admin(t, "CreateKey", `{"Description": "`+mark+`"}`)
	}
	e.shut = e.other
	args := `{"url": ` + quoted(e.url) + `, "mark": "` + mark + `", "regions": ["` + region + `"]}`
	err := system.Undoers()["kms_keys"](t.Context(), json.RawMessage(args))
	if err == nil || !strings.Contains(err.Error(), e.other) || !strings.Contains(err.Error(), "not yours") {
		t.Errorf("it says %v", err)
	}
	if own := e.keysIn(t, region); len(own) != 8 {
		t.Errorf("%d keys were made", len(own))
	}
	e.asItWas(t) // the others are scheduled
}
