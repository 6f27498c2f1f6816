// Package totp computes the one-time codes of authenticator apps (RFC 6238): six digits, HMAC-SHA-1, a new one every
// thirty seconds. That is what Okta and Entra ID take from any app.
package totp

import (
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // the algorithm of the RFC, and of every authenticator app
	"crypto/subtle"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"strings"
	"time"
)

// Period is how long a code is the current one.
const Period = 30 * time.Second

// Code is the code of a secret at an instant. The secret is in base32 (RFC 4648), in either case, with or without
// padding, as authenticator apps take it. Its error tells nothing of the secret.
func Code(secret string, at time.Time) (string, error) {
	key, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(
		strings.TrimRight(strings.ToUpper(secret), "="))
	if err != nil || len(key) == 0 {
		return "", fmt.Errorf("the secret of one-time codes is not in base32")
	}
	var counter [8]byte
	binary.BigEndian.PutUint64(counter[:], uint64(at.Unix())/uint64(Period/time.Second))
	mac := hmac.New(sha1.New, key)
	mac.Write(counter[:])
	sum := mac.Sum(nil)
	truncated := binary.BigEndian.Uint32(sum[sum[len(sum)-1]&0xf:]) & 0x7fffffff // RFC 4226, 5.3
	return fmt.Sprintf("%06d", truncated%1_000_000), nil
}

// Matches tells whether a code is the secret's at an instant, one period early or late (RFC 6238, 5.2).
func Matches(secret, code string, at time.Time) bool {
	found := 0
	for _, drift := range []time.Duration{-Period, 0, Period} {
		if right, err := Code(secret, at.Add(drift)); err == nil {
			found |= subtle.ConstantTimeCompare([]byte(right), []byte(code))
		}
	}
	return found == 1
}
