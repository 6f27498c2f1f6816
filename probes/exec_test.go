package probes

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/history"
)

// TestMain is the program of the tests of exec where its environment says so.
func TestMain(m *testing.M) {
	switch os.Getenv("PLAY") {
	case "":
		os.Exit(m.Run())
	case "says":
		fmt.Print(os.Getenv("SAY"))
		fmt.Fprint(os.Stderr, os.Getenv("SAY_WRONG"))
	case "environment":
		password, err := os.ReadFile(os.Getenv("REGIONDRILL_PASSWORD_FILE"))
		said, failed := json.Marshal(map[string]string{"detail": strings.Join(os.Environ(), " ") + string(password)})
		if errors.Join(err, failed) != nil {
			os.Exit(2)
		}
		if err := os.WriteFile(os.Getenv("INTO"), said, 0o600); err != nil {
			os.Exit(2)
		}
		fmt.Printf(`{"outcome": "bad", "detail": "the password is %s"}`, password)
	case "hangs": // and so does its child, which holds its output
		child := exec.Command(os.Args[0])
		child.Env, child.Stdout = os.Environ(), os.Stdout
		if os.Getenv("CHILD") == "" {
			child.Env = append(child.Env, "CHILD=1")
			if child.Start() != nil {
				os.Exit(2)
			}
			if err := os.WriteFile(os.Getenv("INTO"), fmt.Append(nil, child.Process.Pid), 0o600); err != nil {
				os.Exit(2)
			}
		}
		time.Sleep(time.Hour) // where nothing else runs, select {} is a deadlock and ends at once
	}
	code := 0
	_, _ = fmt.Sscan(os.Getenv("CODE"), &code)
	os.Exit(code)
}

// executed is what comes of an attempt by this test's own program.
func executed(ctx context.Context, t *testing.T, env map[string]string) *harness.Attempt {
	t.Helper()
	office := &harness.Place{Name: "office"}
	world := &harness.World{
		Door:   func(*harness.Place) (*url.URL, error) { return url.Parse("http://127.0.0.1:1") },
		Portal: func(region string) string { return "https://portal." + region + ".test/" },
		Places: []*harness.Place{{Name: "us-east-1", Region: true}, {Name: "eu-west-1", Region: true}, office},
	}
	p := &Exec{Command: []string{os.Args[0]}, Env: env}
	if err := p.Open(ctx, world); err != nil {
		t.Fatal(err)
	}
	a := &harness.Attempt{Due: time.Now(), From: office, Home: "us-east-1", Person: harness.Person{
		UserName: "user-001@acme.test", Password: "hunter2hunter2", Account: "111122223333", Role: "ReadOnlyAccess"}}
	if err := p.Try(ctx, a); err != nil {
		t.Fatal(err)
	}
	if err := p.Close(); err != nil {
		t.Error(err)
	}
	return a
}

// TestExecOutcomes: the exit code goes before what a program says in its last line, and what it says before nothing.
func TestExecOutcomes(t *testing.T) {
	for _, c := range []struct {
		what string
		env  map[string]string
		want string // outcome, class, Region, detail
	}{
		{"nothing", nil, "good  us-east-1 "},
		{"text", map[string]string{"SAY": "all is well\n"}, "good  us-east-1 "},
		{"where", map[string]string{"SAY": "plan\n{\"region\": \"eu-west-1\"}\n"}, "good  eu-west-1 "},
		{"a place that is none", map[string]string{"SAY": `{"region": "office"}`}, "good  us-east-1 "},
		{"that it is bad", map[string]string{"SAY": `{"outcome": "bad", "class": "throttled", "detail": "too\nmany"}`},
			"bad throttled  too many"},
		{"a class of ours", map[string]string{"SAY": `{"outcome": "bad", "class": "stopped"}`},
			"bad program  the program says that it was no good"},
		{"that it doesn't know", map[string]string{"SAY": `{"outcome": "unknown", "detail": "no licence"}`},
			"unknown harness  no licence"},
		{"an exit code", map[string]string{"CODE": "3", "SAY_WRONG": "first\nno such role\n"},
			"bad program  the program exited with 3: no such role"},
		{"an exit code and good", map[string]string{"CODE": "1", "SAY": `{"outcome": "good", "class": "dns", "detail": "x"}`},
			"bad dns  x"},
		{"no JSON after all", map[string]string{"SAY": "{no"},
			"bad wrong_content  its last line looks like JSON and can't be read"},
	} {
		t.Run(c.what, func(t *testing.T) {
			t.Parallel()
			env := map[string]string{"PLAY": "says"}
			for k, v := range c.env {
				env[k] = v
			}
			a := executed(t.Context(), t, env)
			if got := fmt.Sprintf("%s %s %s %s", a.Outcome, a.Class, a.Region, a.Detail); got != c.want {
				t.Errorf("it is %q, not %q", got, c.want)
			}
		})
	}
}

// TestExecTellsNoSecret: what looks like one is not written down, whoever's it is; all else is.
func TestExecTellsNoSecret(t *testing.T) {
	t.Parallel()
	for said, want := range map[string]string{
		"Failed to connect to proxy URL: \"http://office:s3cret@127.0.0.1:4/\"": "Failed to connect to proxy URL: " +
			"\"http://[redacted]@127.0.0.1:4/\"",
		"curl -H 'Authorization: Bearer abc.def' https://scim.test": "curl -H 'Authorization: Bearer [redacted]' https://scim.test",
		`{"sessionToken":"short","role":"admin"}`:                   `{"sessionToken":"[redacted]","role":"admin"}`,
		"aws_secret_access_key=wJalrX, region=eu-west-1":            "aws_secret_access_key=[redacted], region=eu-west-1",
		"got wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY back":         "got [redacted] back",
		"posting PHNhbWxwOlJlc3BvbnNlIHhtbG5zOnNhbWxwPSJ1cm4i":      "posting [redacted]",
		"arn:aws:kms:eu-west-1:111122223333:key/mrk-1234567890abcdef1234567890abcdef is disabled": "" +
			"arn:aws:kms:eu-west-1:111122223333:key/mrk-1234567890abcdef1234567890abcdef is disabled",
		"no such file: /opt/break-glass/releases/2026-11-27/current/run.sh": "" +
			"no such file: /opt/break-glass/releases/2026-11-27/current/run.sh",
	} {
		a := executed(t.Context(), t, map[string]string{"PLAY": "says", "CODE": "1", "SAY_WRONG": said + "\n"})
		if got := strings.TrimPrefix(a.Detail, "the program exited with 1: "); got != want {
			t.Errorf("of %q it keeps %q", said, got)
		}
	}
}

// TestExecSteps: a program tells what took how long, one after the other.
func TestExecSteps(t *testing.T) {
	t.Parallel()
	a := executed(t.Context(), t, map[string]string{"PLAY": "says",
		"SAY": `{"steps": [{"name": "plan", "ms": 1500}, {"name": "apply", "ms": -1}]}`})
	if len(a.Steps) != 2 || a.Steps[0].Name != "plan" || a.Steps[0].Ended.Sub(a.Steps[0].Began) != 1500*time.Millisecond ||
		!a.Steps[1].Began.Equal(a.Steps[0].Ended) || !a.Steps[1].Ended.Equal(a.Steps[1].Began) {
		t.Errorf("%+v", a.Steps)
	}
	for _, ms := range []string{"1e300", "1e18"} { // which no history can hold
		a := executed(t.Context(), t, map[string]string{"PLAY": "says",
			"SAY": `{"steps": [{"name": "plan", "ms": ` + ms + `}]}`})
		if len(a.Steps) != 1 || a.Steps[0].Ended.Sub(a.Steps[0].Began) != time.Hour {
			t.Errorf("%s: %+v", ms, a.Steps)
		}
	}
}

// TestExecEnvironment: a program has what belongs to its place and to its person and nothing of ours, and the password
// that it tells is not written down.
func TestExecEnvironment(t *testing.T) {
	t.Setenv("SECRET_OF_CI", "do-not-pass")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "do-not-pass")
	into := t.TempDir() + "/environment"
	a := executed(t.Context(), t, map[string]string{"PLAY": "environment", "INTO": into})
	if a.Detail != "the password is [redacted]" {
		t.Errorf("%s %q", a.Outcome, a.Detail)
	}
	text, err := os.ReadFile(into)
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{"HTTPS_PROXY=http://127.0.0.1:1 ", "REGIONDRILL_HOME_REGION=us-east-1", "AWS_CONFIG_FILE=",
		"REGIONDRILL_USER_NAME=user-001@acme.test", "REGIONDRILL_ROLE=ReadOnlyAccess", "hunter2hunter2"} {
		if !strings.Contains(string(text), part) {
			t.Errorf("it lacks %s", part)
		}
	}
	if strings.Contains(string(text), "do-not-pass") || strings.Contains(string(text), "HOME="+os.Getenv("HOME")+" ") {
		t.Errorf("it has something of ours: %s", text)
	}
}

// TestExecIsKilled: a program that hangs ends with its attempt, and so does what it has started.
func TestExecIsKilled(t *testing.T) {
	t.Parallel()
	into := t.TempDir() + "/child"
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	a := executed(ctx, t, map[string]string{"PLAY": "hangs", "INTO": into})
	if a.Outcome != history.Bad || a.Class != history.ClassTimeout {
		t.Errorf("%s %s %s", a.Outcome, a.Class, a.Detail)
	}
	child, err := os.ReadFile(into)
	if err != nil {
		t.Fatal(err)
	}
	if stat, err := os.ReadFile("/proc/" + string(child) + "/stat"); err == nil && !strings.Contains(string(stat), ") Z ") {
		t.Errorf("its child lives: %s", stat)
	}
}
