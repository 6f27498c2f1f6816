package control_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/regiondrill/regiondrill/fakes/control"
)

type sum struct{ A, B int }

func serve(t *testing.T) *control.Client {
	t.Helper()
	server := httptest.NewServer(control.Handler("secret", control.Verbs{
		"add": control.To(func(_ context.Context, s sum) (int, error) { return s.A + s.B, nil }),
		"fail": control.To(func(context.Context, control.None) (control.None, error) {
			return control.None{}, errors.New("no room")
		}),
	}))
	t.Cleanup(server.Close)
	return &control.Client{Base: func() string { return server.URL }, Token: "secret", HTTP: server.Client()}
}

func TestCall(t *testing.T) {
	c := serve(t)
	var got int
	if err := c.Call(t.Context(), "add", sum{2, 3}, &got); err != nil || got != 5 {
		t.Errorf("add says %d, %v", got, err)
	}
	if err := c.Call(t.Context(), "add", sum{2, 3}, nil); err != nil {
		t.Errorf("an answer that nobody wants: %v", err)
	}
}

func TestRefusals(t *testing.T) {
	stranger := serve(t)
	stranger.Token = "guess"
	for _, tc := range []struct {
		name, verb string
		c          *control.Client
		argument   any
		says       string
	}{
		{"a verb's own error", "fail", serve(t), control.None{}, "fail: no room"},
		{"a verb that isn't there", "jump", serve(t), control.None{}, "no such verb"},
		{"an argument of another version", "add", serve(t), map[string]int{"C": 1}, "unknown field"},
		{"an argument of another type", "add", serve(t), "two", "reading the argument"},
		{"a stranger", "add", stranger, sum{}, "for the run that started it"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			err := tc.c.Call(t.Context(), tc.verb, tc.argument, nil)
			refusal, ok := errors.AsType[*control.Refusal](err)
			if !ok || !strings.Contains(refusal.Error(), tc.says) {
				t.Errorf("it says %v", err)
			}
		})
	}
}

func TestWhoIsNotThereRefusesNothing(t *testing.T) {
	c := serve(t)
	c.Base = func() string { return "http://127.0.0.1:1" }
	err := c.Call(t.Context(), "add", sum{}, nil)
	if _, refused := errors.AsType[*control.Refusal](err); err == nil || refused {
		t.Errorf("it says %v", err)
	}
}

// No web page can make a browser say verbs, and no token opens everything.
func TestNoTokenNoVerbs(t *testing.T) {
	add := control.To(func(context.Context, sum) (int, error) { return 0, nil })
	server := httptest.NewServer(control.Handler("", control.Verbs{"add": add}))
	defer server.Close()
	for _, authorization := range []string{"", "Bearer ", "Basic x"} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL+"/add", strings.NewReader("{}"))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", authorization)
		response, err := server.Client().Do(r)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		if response.StatusCode != http.StatusUnauthorized {
			t.Errorf("%q is answered with %d", authorization, response.StatusCode)
		}
	}
}
