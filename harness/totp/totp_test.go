package totp

import (
	"testing"
	"time"
)

// rfcSecret is the twenty bytes of RFC 6238, appendix B, in base32.
const rfcSecret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"

// TestVectors are the last six of the eight digits of RFC 6238, appendix B.
func TestVectors(t *testing.T) {
	for at, want := range map[int64]string{
		59: "287082", 1111111109: "081804", 1111111111: "050471", 1234567890: "005924",
		2000000000: "279037", 20000000000: "353130",
	} {
		for _, secret := range []string{rfcSecret, "gezdgnbvgy3tqojqgezdgnbvgy3tqojq", rfcSecret + "===="} {
			if got, err := Code(secret, time.Unix(at, 0)); err != nil || got != want {
				t.Errorf("at %d: %q, %v; want %s", at, got, err, want)
			}
		}
	}
}

func TestSecretsThatAreNone(t *testing.T) {
	for _, secret := range []string{"", "====", "0189", "not base32"} {
		if code, err := Code(secret, time.Unix(59, 0)); err == nil || Matches(secret, code, time.Unix(59, 0)) {
			t.Errorf("%q gave %q", secret, code)
		}
	}
}

func TestMatchesOnePeriodEarlyAndLate(t *testing.T) {
	now := time.Unix(1111111111, 0)
	for drift, want := range map[time.Duration]bool{
		0: true, Period: true, -Period: true, 2 * Period: false, -2 * Period: false,
	} {
		code, err := Code(rfcSecret, now.Add(drift))
		if err != nil {
			t.Fatal(err)
		}
		if got := Matches(rfcSecret, code, now); got != want {
			t.Errorf("%v away: %v", drift, got)
		}
	}
	if Matches(rfcSecret, "", now) || Matches(rfcSecret, "05047", now) {
		t.Error("a code of another length matches")
	}
}
