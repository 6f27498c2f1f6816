package scenario

import (
	"maps"
	"testing"
)

func TestKeys(t *testing.T) {
	const file = `
name: dark
system: {primary: us-east-1, additional: [eu-west-1], kms: {url: 'http://me:secret@kms.test/?token=1'}}
probes:
  - {name: staff, every: 100ms, steer: {by: bookmark, after: 2s}} # they wait
  - {every: "${EVERY}"}
`
	got, err := Keys([]byte(file), []string{"probes.0.steer.after=3s", "probes.staff.limit=5s"})
	want := map[string]string{"name": "dark", "system.primary": "us-east-1", "system.additional": "[eu-west-1]",
		"system.kms.url": "http://…@kms.test/?…", "probes.staff.name": "staff", "probes.staff.every": "100ms",
		"probes.staff.steer.by": "bookmark", "probes.staff.steer.after": "3s", "probes.staff.limit": "5s",
		"probes.1.every": "${EVERY}"}
	if err != nil || !maps.Equal(got, want) {
		t.Errorf("%v, %v", got, err)
	}
	for name, bad := range map[string][]string{"a: [": nil, "a: 1": {"a.b=1"}, "b: 1": {"none"}} {
		if got, err := Keys([]byte(name), bad); err == nil {
			t.Errorf("%s with %v: %v", name, bad, got)
		}
	}
}
