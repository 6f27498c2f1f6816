// Program localstack plays LocalStack in a container of its own, where no registry has the image, and does what can't
// be had of the real one at will. MODE says how it fares. Its KMS is the fake of ours, which holds no call against a
// key policy here, as LocalStack's doesn't.
package main

import (
	"fmt"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/regiondrill/regiondrill/fakes/identitycenter"
	"github.com/regiondrill/regiondrill/fakes/kms"
)

const (
	account = "000000000000"
	soon    = time.Second // that it takes to be there, or for a first call
	looks   = 30          // DescribeKey calls until it is lost: more than are made before a drill
)

// refusal is what the images after 4.14.0 say without a token (microcks/microcks, issue 2008).
const refusal = `
LocalStack version: 2026.3.1.dev3

Localstack returning with exit code 55. Reason:
===============================================
The license activation failed for the following reason:

No credentials were found in the environment. Please make sure to either set the LOCALSTACK_AUTH_TOKEN variable.

LocalStack requires an account to run.
`

// standIn is one LocalStack.
type standIn struct {
	mode  string
	began time.Time

	mu      sync.Mutex
	service *kms.Service
	calls   int
	looked  int
}

func main() {
	s := &standIn{mode: os.Getenv("MODE"), began: time.Now(), service: anew()}
	at := ":4566"
	switch s.mode {
	case "licence":
		fmt.Print(refusal)
		os.Exit(55)
	case "crash":
		fmt.Println("OSError: no room")
		os.Exit(1)
	case "slow":
		time.Sleep(soon) // nothing listens
	case "apart":
		at = "127.0.0.1:4566" // of the container, so nobody gets there
	}
	for _, said := range []string{"EAGER_SERVICE_LOADING=1", "DISABLE_EVENTS=1", "SKIP_SSL_CERT_DOWNLOAD=1",
		"SERVICES=kms"} {
		name, want, _ := strings.Cut(said, "=")
		if os.Getenv(name) != want {
			fmt.Println(said, "was not said")
			os.Exit(2)
		}
	}
	fmt.Println("Ready.")
	server := &http.Server{Addr: at, Handler: s, ReadHeaderTimeout: time.Minute}
	fmt.Println(server.ListenAndServe())
	os.Exit(1)
}

// anew is KMS without keys.
func anew() *kms.Service {
	operator := "arn:aws:iam::" + account + ":role/Anybody"
	return kms.New(kms.Config{Account: account, Principals: map[string]string{"AKIALABADMINISTRATOR": operator,
		identitycenter.IdentityStoreAccessKey: operator, identitycenter.CenterAccessKey: operator}}, kms.Deps{})
}

// ServeHTTP answers for its health, and as the KMS of the Region that the credential's scope names.
func (s *standIn) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/_localstack/health" {
		fmt.Fprintf(w, `{"services": {"kms": %q}, "edition": "community", "version": "4.14.0"}`, s.health())
		return
	}
	_, operation, called := strings.Cut(r.Header.Get("X-Amz-Target"), "TrentService.")
	scope := strings.Split(r.Header.Get("Authorization"), "/")
	if !called || len(scope) < 3 {
		http.NotFound(w, r)
		return
	}
	s.called(operation).Handler(scope[2]).ServeHTTP(w, r)
}

// health is the state of its KMS, as LocalStack names it.
func (s *standIn) health() string {
	switch {
	case s.mode == "slow" && time.Since(s.began) < 2*soon:
		return "starting"
	case s.mode == "never":
		return "error"
	case s.mode == "lazy":
		return "available"
	}
	return "running"
}

// called is what a call finds: a first one of a lazy LocalStack waits, and the last looks find it gone, or empty.
func (s *standIn) called(operation string) *kms.Service {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.calls++; s.mode == "lazy" && s.calls == 1 {
		time.Sleep(soon)
	}
	if operation == "DescribeKey" {
		s.looked++
	}
	switch {
	case s.looked != looks:
	case s.mode == "dies":
		fmt.Println("Killed")
		os.Exit(137)
	case s.mode == "empty":
		s.service = anew()
	}
	return s.service
}
