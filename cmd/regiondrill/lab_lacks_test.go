package main

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"

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

// whatItLacks lets unmodified SDKs ask a standing lab who they are, and then for a Region that it hasn't.
func whatItLacks(t *testing.T, said map[string]string) {
	t.Helper()
	client := through(t, said)
	admin := credentials.NewStaticCredentialsProvider(said["AWS_ACCESS_KEY_ID"], said["AWS_SECRET_ACCESS_KEY"], "")
	who, err := sts.New(sts.Options{Region: said["AWS_REGION"], HTTPClient: client, Credentials: admin}).
		GetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{})
	if err != nil || !strings.HasSuffix(aws.ToString(who.Arn), ":user/Operator") {
		t.Errorf("the administrator is told %+v, %v", who, err)
	}
	_, err = kms.New(kms.Options{Region: "ap-south-1", HTTPClient: client, Credentials: admin}).
		ListKeys(t.Context(), &kms.ListKeysInput{})
	lacked, ok := errors.AsType[smithy.APIError](err)
	if !ok || lacked.ErrorCode() != "UnknownServiceInLab" ||
		!strings.HasPrefix(lacked.ErrorMessage(), "regiondrill's lab has no kms in ap-south-1; it serves ") {
		t.Errorf("who asks for another Region is told %v", err)
	}
}
