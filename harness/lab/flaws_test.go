package lab_test

import (
	"testing"
	"testing/synctest"

	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/lab"
)

// TestFlawsAreRefused: what each dialect's provider gets wrong is refused by the reason that Identity Center has for it, in
// the Region that it is about and in no other, and no longer once it is mended. Of two flaws one is mended alone.
func TestFlawsAreRefused(t *testing.T) {
	const here, elsewhere = "eu-west-1", "us-east-1"
	for _, dialect := range []string{"okta", "entra"} {
		synctest.Test(t, func(t *testing.T) {
			top := topology()
			top.IdP.Dialect = dialect
			l := lab.StartTest(t, top)
			flaws := l.System.Flaws
			judged := func(region, want string) {
				t.Helper()
				var got string
				for range 2 { // a replay is one the second time
					var err error
					if got, _, err = flaws.Judged(t.Context(), region, true); err != nil {
						t.Fatal(err)
					}
				}
				if got != want {
					t.Errorf("%s: %s refuses it by %q; want %q", dialect, region, got, want)
				}
			}
			wrong := func(f harness.Flaw) {
				t.Helper()
				if f.Name == "" {
					f.Name = "it"
				}
				if err := flaws.GetWrong(t.Context(), f); err != nil {
					t.Fatal(err)
				}
			}
			mend := func(name string) {
				t.Helper()
				if err := flaws.Mend(t.Context(), name); err != nil {
					t.Fatal(err)
				}
			}
			for flaw, want := range map[string]string{"expired": "saml_expired", "wrong_audience": "saml_audience",
				"wrong_recipient": "saml_recipient", "two_assertions": "saml_shape", "encrypted": "saml_shape",
				"oversize": "saml_too_large", "name_id_mismatch": "user_unknown", "replay": "saml_replay"} {
				wrong(harness.Flaw{Assertion: flaw, Regions: []string{here}})
				judged(here, want)
				judged(elsewhere, "")
				mend("it")
				judged(here, "")
			}
			for range 2 { // the second time it is another certificate
				wrong(harness.Flaw{Key: "expired", Regions: []string{here}})
				judged(here, "saml_signature")
				judged(elsewhere, "")
				mend("it")
				judged(here, "")
			}
			wrong(harness.Flaw{Key: "rotated"})
			wrong(harness.Flaw{Name: "other", Assertion: "expired", Regions: []string{here}})
			judged(elsewhere, "saml_signature")
			mend("it")
			judged(elsewhere, "")
			judged(here, "saml_expired")
			mend("other")
			judged(here, "")
		})
	}
}

// TestAFormOfAnACSThatIsMissing: the provider knows the form that is left alone, and all others as before.
func TestAFormOfAnACSThatIsMissing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		flaws := lab.StartTest(t, topology()).System.Flaws
		knows := func(want map[string]bool) {
			t.Helper()
			for acs, is := range want {
				if got, _, err := flaws.Registered(t.Context(), acs); err != nil || got != is {
					t.Errorf("%s: %t, %v; want %t", acs, got, err, is)
				}
			}
		}
		before := map[string]bool{"eu-west-1": true, "eu-west-1/dual_stack": false, "us-east-1": true}
		knows(before)
		err := flaws.GetWrong(t.Context(), harness.Flaw{Name: "it", Regions: []string{"eu-west-1"}, Unregistered: true,
			Registered: []string{"eu-west-1/dual_stack"}})
		if err != nil {
			t.Fatal(err)
		}
		knows(map[string]bool{"eu-west-1": false, "eu-west-1/dual_stack": true, "us-east-1": true})
		for range 2 {
			if err := flaws.Mend(t.Context(), "it"); err != nil {
				t.Fatal(err)
			}
			knows(before)
		}
		for _, flaw := range []harness.Flaw{{}, {Name: "x", Assertion: "nonsense"}, {Name: "x", Key: "nonsense"}} {
			if err := flaws.GetWrong(t.Context(), flaw); err == nil {
				t.Errorf("%+v is had", flaw)
			}
		}
	})
}
