package main

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/regiondrill/regiondrill/harness"
)

// TestWhatTheLabLacks: each answer names the service and the Region as programs call them, and what there is instead.
func TestWhatTheLabLacks(t *testing.T) {
	sys := &harness.System{World: &harness.World{Places: []*harness.Place{{Name: "us-east-1", Region: true,
		Services: map[string][]string{"kms": {"kms.us-east-1.amazonaws.com"}, "portal": {"portal.test"}}}}}}
	l := newLacks(sys, []string{"us-east-1"})
	for host, says := range map[string]string{
		"s3.us-east-1.amazonaws.com":         "lab has no s3 in us-east-1; it serves kms in us-east-1",
		"kms.ap-south-1.amazonaws.com":       "lab has no kms in ap-south-1; it serves kms in us-east-1",
		"sso.us-east-1.amazonaws.com":        "lab has no sso-admin in us-east-1",
		"iam.amazonaws.com":                  "lab has no iam; it serves",
		"kms.us-east-1.api.aws":              "serves kms in us-east-1 as kms.us-east-1.amazonaws.com, not as kms.us-east-1.api.aws",
		"portal.sso.eu-west-2.amazonaws.com": "lab has no sso in eu-west-2",
	} {
		w := httptest.NewRecorder()
		l.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "https://"+host+"/", nil))
		if w.Code != http.StatusBadRequest || !strings.Contains(w.Body.String(), says) ||
			w.Header().Get("X-Amzn-Errortype") != "UnknownServiceInLab" {
			t.Errorf("%s is answered %d %s", host, w.Code, w.Body)
		}
	}
}
