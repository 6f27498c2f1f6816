package identitycenter

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"net/http"
	"slices"
	"strings"
	"time"
)

const (
	// deviceLife is how long a person has to allow a device (AWS CLI: about ten minutes).
	deviceLife = 10 * time.Minute
	// deviceMemory is how long a device code is remembered, so that it is told from one that never was.
	deviceMemory = 2 * deviceLife
	// pollInterval is what clients are told to wait between two questions (IAM Identity Center OIDC API Reference,
	// the example of StartDeviceAuthorization).
	pollInterval = time.Second
	// pollAtLeast is the time between two questions under which the second is too soon. It is shorter than what
	// clients are told, because a network may deliver two questions closer to each other than they were sent.
	pollAtLeast = pollInterval / 2
)

type deviceRequest struct {
	ClientID     string `json:"clientId"`
	ClientSecret string `json:"clientSecret"`
	StartURL     string `json:"startUrl"`
}

type deviceAnswer struct {
	DeviceCode              string `json:"deviceCode"`
	UserCode                string `json:"userCode"`
	VerificationURI         string `json:"verificationUri"`
	VerificationURIComplete string `json:"verificationUriComplete"`
	ExpiresIn               int    `json:"expiresIn"` // seconds
	Interval                int    `json:"interval"`  // seconds
}

// startDeviceAuthorization begins to ask a person for a device. It needs the key of the Region, under which the service
// keeps what it remembers.
func (r *Replica) startDeviceAuthorization(req *http.Request, in *deviceRequest) (any, *oidcFault) {
	if !r.mayAsk("StartDeviceAuthorization", req, in.ClientID) {
		return nil, faultSlowDown
	}
	c, fault := r.authenticate(in.ClientID, in.ClientSecret)
	switch {
	case fault != nil:
		return nil, fault
	case in.StartURL == "":
		return nil, faultMissing
	case !slices.Contains(c.Grants, grantDevice):
		return nil, faultClientOf
	}
	portal, known := r.portalOf(in.StartURL)
	if !known {
		return nil, faultStartURL
	}
	if _, err := r.vault.center.key(req.Context()); err != nil {
		return nil, faultOf(err)
	}
	user, device := r.askForDevice(c.ID, portal)
	page := r.portalBase(portal) + pathDevice
	return deviceAnswer{
		DeviceCode: device, UserCode: user, VerificationURI: page, VerificationURIComplete: page + "?user_code=" + user,
		ExpiresIn: int(deviceLife.Seconds()), Interval: int(pollInterval.Seconds()),
	}, nil
}

// askForDevice remembers a device authorization. The device code holds the user code, under which both are found.
func (r *Replica) askForDevice(client, portal string) (user, device string) {
	for now := r.now(); ; {
		user = newUserCode()
		device = base64.RawURLEncoding.EncodeToString([]byte(user + newSecret()))
		a := authorization{Client: client, Portal: portal, Until: now.Add(deviceLife), Device: digestOf(device)}
		if r.oidc.addAuthorization(kindDevice.key(user), a, now, now.Add(deviceMemory)) {
			return user, device
		}
	}
}

// userCodeLetters can't be mistaken for each other, and spell no word (RFC 8628, 6.1).
const userCodeLetters = "BCDFGHJKLMNPQRSTVWXZ"

// newUserCode is eight letters, with a dash for who types them.
func newUserCode() string {
	code := make([]byte, 0, userCodeLength)
	for random := make([]byte, 1); len(code) < userCodeLength; {
		if len(code) == userCodeLength/2 {
			code = append(code, '-')
		}
		rand.Read(random)
		if n := int(random[0]); n < 256/len(userCodeLetters)*len(userCodeLetters) { // each as likely as the others
			code = append(code, userCodeLetters[n%len(userCodeLetters)])
		}
	}
	return string(code)
}

const userCodeLength = 9

// userCodeOf is a user code as a person has typed it; empty where it is none.
func userCodeOf(typed string) string {
	var letters []byte
	for _, c := range []byte(strings.ToUpper(typed)) {
		switch {
		case c == '-' || c == ' ':
		case strings.IndexByte(userCodeLetters, c) < 0 || len(letters) == userCodeLength-1:
			return ""
		default:
			letters = append(letters, c)
		}
	}
	if len(letters) != userCodeLength-1 {
		return ""
	}
	return string(letters[:4]) + "-" + string(letters[4:])
}

// byDeviceCode gives a client its token once the person has allowed it.
func (r *Replica) byDeviceCode(ctx context.Context, c *oidcClient, code string) (any, *oidcFault) {
	if code == "" {
		return nil, faultMissing
	}
	raw, err := base64.RawURLEncoding.DecodeString(code)
	if err != nil || len(raw) < userCodeLength {
		return nil, faultGrant
	}
	now, key := r.now(), kindDevice.key(string(raw[:userCodeLength]))
	var (
		a     authorization
		fault = faultGrant
	)
	r.oidc.change(key, now, func(kept *authorization) {
		fault = kept.poll(c, code, now)
		a = *kept
	})
	if fault != nil {
		return nil, fault
	}
	return r.exchange(ctx, c, a.Session, func() bool {
		_, ok := r.oidc.takeAuthorization(key, now)
		return ok
	})
}

// poll is one question of a client for a person's answer; nil where they have allowed it.
func (a *authorization) poll(c *oidcClient, code string, now time.Time) *oidcFault {
	asked := digestOf(code)
	if a.Client != c.ID || subtle.ConstantTimeCompare(asked[:], a.Device[:]) != 1 {
		return faultGrant
	}
	since := now.Sub(a.Polled)
	a.Polled = now
	switch {
	case !now.Before(a.Until):
		return faultExpired
	case since >= 0 && since < pollAtLeast:
		return faultSlowDown
	case a.Denied:
		return faultDenied
	case a.Session == "":
		return faultPending
	}
	return nil
}
