package pki

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"testing"
	"time"
)

// TestLeaves holds leaves against what clients go by: the roots, and the key that all good leaves share.
func TestLeaves(t *testing.T) {
	now := time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)
	ca, err := NewCA("test", now)
	if err != nil {
		t.Fatal(err)
	}
	good, err1 := ca.Leaf("a.test")
	old, err2 := ca.Faulty(now.Add(-2*time.Hour), now.Add(-time.Hour), "a.test")
	early, err3 := ca.Faulty(now.Add(time.Hour), now.Add(2*time.Hour), "a.test")
	current, err4 := ca.Faulty(now, now.Add(time.Hour), "a.test")
	wrong, err5 := ca.Faulty(now, now.Add(time.Hour), "wrong-name.invalid")
	_, none := ca.Faulty(now, now)
	if err := errors.Join(err1, err2, err3, err4, err5); err != nil || none == nil {
		t.Fatal(err, none)
	}
	for at, name := range map[time.Time]string{now: "b.test", now.AddDate(11, 0, 0): "a.test"} {
		_, err := good.Leaf.Verify(x509.VerifyOptions{Roots: ca.Acquainted(), DNSName: name, CurrentTime: at})
		if err == nil {
			t.Errorf("who knows the leaf takes it for %s at %v", name, at)
		}
	}
	for what, c := range map[string]struct {
		leaf        *x509.Certificate
		good, trust bool
	}{
		"good": {good.Leaf, true, true}, "expired": {old.Leaf, false, false}, "not yet valid": {early.Leaf, false, false},
		"of another key": {current.Leaf, false, true}, "wrong name": {wrong.Leaf, false, false},
	} {
		for _, pool := range []*x509.CertPool{ca.Pool(), ca.Acquainted()} {
			_, err := c.leaf.Verify(x509.VerifyOptions{Roots: pool, DNSName: "a.test", CurrentTime: now})
			if (err == nil) != c.trust {
				t.Errorf("%s: %v", what, err)
			}
		}
		pin := sha256.Sum256(c.leaf.RawSubjectPublicKeyInfo)
		if (base64.StdEncoding.EncodeToString(pin[:]) == ca.LeafPin()) != c.good {
			t.Errorf("%s has the wrong key", what)
		}
	}
}
