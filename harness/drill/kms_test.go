package drill_test

import (
	"testing"
	"testing/synctest"
	"time"
)

const roundTrips = `schema: regiondrill.scenario/v1
name: round-trips
seed: 3
system: {primary: us-east-1, additional: [eu-west-1], directory: {users: 2, groups: 2, accounts: 2, permission_sets: 2}}
vantages: {office: {rtt: {us-east-1: 8ms, eu-west-1: 20ms, idp: 20ms}}}
warm_up: 2s
settle: 3s
probes:
  - {name: here, kind: kms_roundtrip, from: office, home: us-east-1, every: 400ms, limit: 2s}
  - {name: across, kind: kms_roundtrip, decrypt_in: eu-west-1, from: office, home: us-east-1, every: 400ms, limit: 2s}
  - {name: operator, kind: kms_roundtrip, user: operator, from: office, home: eu-west-1, every: 400ms, limit: 2s}
  - {name: store, kind: kms_roundtrip, user: identity_store, from: office, home: eu-west-1, every: 400ms, limit: 2s}
faults:
  - {name: off, kind: kms_key, where: {region: eu-west-1}, at: 1s, for: 4s}
`

// TestTheKeyOfARegion: while Ireland's replica is disabled, whoever asks there is refused with KMS's word, also for what
// Virginia has sealed; Virginia's own goes on.
func TestTheKeyOfARegion(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, _ := drilledText(t, roundTrips)
		for probe, refused := range map[string]bool{"here": false, "across": true, "operator": true, "store": true} {
			during := attemptsOf(h, probe, 1500*time.Millisecond, 4500*time.Millisecond)
			want := "good"
			if refused {
				want = "http_4xx"
			}
			if n := tally(during); len(n) != 1 || n[want] < 6 {
				t.Fatalf("%s during it: %v", probe, n)
			}
			if said := "KMS of eu-west-1 answered 400 (DisabledException)"; refused && during[0].Detail != said {
				t.Errorf("%s is told %q", probe, during[0].Detail)
			}
			around := append(attemptsOf(h, probe, -time.Minute, 0), attemptsOf(h, probe, 5500*time.Millisecond, time.Minute)...)
			if n := tally(around); len(n) != 1 || n["good"] < 8 {
				t.Errorf("%s before and after: %v", probe, n)
			}
		}
	})
}
