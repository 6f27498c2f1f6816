package main

import (
	"io"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// asAdministrator lists the keys of a Region with the credentials that lab env gives, and is refused without them.
func asAdministrator(t *testing.T, env string) {
	t.Helper()
	said := told(env)
	client := through(t, said)
	address := "https://kms." + said["AWS_REGION"] + ".amazonaws.com/"
	for key, wanted := range map[string]int{
		said["AWS_ACCESS_KEY_ID"]: http.StatusOK, "AKIASOMEBODYELSE0000": http.StatusBadRequest,
	} {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, address, strings.NewReader("{}"))
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("X-Amz-Target", "TrentService.ListKeys")
		request.Header.Set("Content-Type", "application/x-amz-json-1.1")
		request.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential="+key+"/20261127/"+said["AWS_REGION"]+
			"/kms/aws4_request, SignedHeaders=host, Signature=0")
		response, err := client.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(response.Body)
		response.Body.Close()
		if response.StatusCode != wanted {
			t.Errorf("KMS answers %s with %s, not %d: %s", key, response.Status, wanted, body)
		}
	}
}

// inAndOut holds what a shell has in a lab against what programs need, and that it has again what it had before.
// The lab is entered twice: what was before the first time counts.
func inAndOut(t *testing.T, in, again, out string) {
	t.Helper()
	secret := "theirs, with a ' and a $HOME"
	mine := []string{"PATH=" + os.Getenv("PATH"), "AWS_PROFILE=work", "AWS_SESSION_TOKEN=token",
		"AWS_SECRET_ACCESS_KEY=" + secret, "NO_PROXY=", "AWS_REGION=ap-south-1"}
	shell := func(script string) map[string]string {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), "/bin/sh", "-euc", script+"\nenv")
		cmd.Env, cmd.Stderr = mine, os.Stderr
		listed, err := cmd.Output()
		if err != nil {
			t.Fatalf("a shell can't evaluate it: %v", err)
		}
		all := map[string]string{}
		for line := range strings.Lines(string(listed)) {
			if name, value, ok := strings.Cut(strings.TrimSpace(line), "="); ok && name != "_" {
				all[name] = value
			}
		}
		return all
	}
	in, again = exports(in), exports(again)
	within := shell(in)
	for name, want := range map[string]string{
		"AWS_REGION": "us-east-1", "AWS_DEFAULT_REGION": "us-east-1", "NO_PROXY": "", "no_proxy": "",
		"AWS_EC2_METADATA_DISABLED": "true", "REGIONDRILL_LAB": "toy", "REQUESTS_CA_BUNDLE": within["AWS_CA_BUNDLE"],
		"SSL_CERT_FILE": within["AWS_CA_BUNDLE"], "https_proxy": within["HTTPS_PROXY"],
	} {
		if got, set := within[name]; !set || got != want {
			t.Errorf("in the lab %s is %q, not %q", name, got, want)
		}
	}
	for name, value := range within {
		if name == "AWS_PROFILE" || name == "AWS_SESSION_TOKEN" || value == secret {
			t.Errorf("programs in the lab are given %s=%s of the user's own", name, value)
		}
	}
	filesOf(t, within)
	if got := shell(again); got["AWS_REGION"] != "eu-west-1" {
		t.Errorf("another Region is asked for, and it is %s", got["AWS_REGION"])
	}
	before := shell("")
	for what, script := range map[string]string{
		"in and out": in + out, "in twice and out": in + again + out, "out only": out, "out twice": in + out + out,
	} {
		if after := shell(script); !sameEnv(before, after) {
			t.Errorf("%s: it was %v and is %v", what, before, after)
		}
	}
}

// exports leaves out what lab env tells beside.
func exports(env string) string {
	told := func(line string) bool { return strings.HasPrefix(line, "This shell") }
	return strings.Join(slices.DeleteFunc(slices.Collect(strings.Lines(env)), told), "")
}

func sameEnv(a, b map[string]string) bool {
	for name, value := range a {
		if got, set := b[name]; !set || got != value {
			return false
		}
	}
	return len(a) == len(b)
}

// filesOf looks into the files that stand in for the user's ~/.aws.
func filesOf(t *testing.T, env map[string]string) {
	t.Helper()
	for name, lines := range map[string][]string{
		"AWS_CONFIG_FILE": {"[default]", "region = us-east-1", "[sso-session eu-west-1]", "sso_region = eu-west-1",
			"[profile us-east-1]", "sso_session = us-east-1", "sso_role_name = AdministratorAccess"},
		"AWS_SHARED_CREDENTIALS_FILE": {"[default]", "aws_access_key_id = " + env["AWS_ACCESS_KEY_ID"],
			"aws_secret_access_key = " + env["AWS_SECRET_ACCESS_KEY"]},
	} {
		data, err := os.ReadFile(env[name])
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range lines {
			if !slices.Contains(strings.Split(string(data), "\n"), line) {
				t.Errorf("%s has no line %q:\n%s", name, line, data)
			}
		}
		if info, err := os.Stat(env[name]); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s may be read by others: %v, %v", name, info.Mode(), err)
		}
	}
}
