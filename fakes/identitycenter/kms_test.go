package identitycenter

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	fakekms "github.com/regiondrill/regiondrill/fakes/kms"
	"github.com/regiondrill/regiondrill/harness/names"
)

func TestKMSRefuses(t *testing.T) {
	for _, code := range []string{"DisabledException", "KMSInvalidStateException", "AccessDeniedException", "NotFoundException"} {
		t.Run(code, func(t *testing.T) {
			inWorld(t, func(t *testing.T, w *world) {
				b, standing := w.browser(), w.browser()
				page, _ := standing.signIn(w, west, "bob@acme.test")
				w.kms[west].set(code)
				standing.accounts(west, page.token()).want(t, http.StatusOK) // just read
				time.Sleep(viewLife)

				q := b.ask(w, west)
				a := b.post(q.ACS, w.draftFor(q, "ann@acme.test").encoded(t))
				a.want(t, http.StatusForbidden)
				if a.cause() != "kms" || !strings.Contains(a.body, "ERROR Code: 0001 - IdentityCenter service access is blocked.") {
					t.Errorf("the page says %s", a.body)
				}
				standing.get(w.instance.PortalURL(west)).want(t, http.StatusForbidden)
				api := standing.accounts(west, page.token())
				api.want(t, http.StatusForbidden)
				if kind, _ := api.fault(t); kind != "AccessDeniedException" {
					t.Errorf("the API says %s", kind)
				}
				w.browser().signIn(w, east, "ann@acme.test") // with a key of its own

				w.kms[west].set("")
				standing.accounts(west, page.token()).want(t, http.StatusOK)
				w.browser().signIn(w, west, "ann@acme.test")
			})
		})
	}
}

func TestKMSIsSilent(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		for name, silence := range map[string]func(bool){
			"no answer": func(on bool) { w.kms[west].set(map[bool]string{true: "silent"}[on]) },
			"no way":    func(on bool) { w.net.setCut(on, names.KMSHost(west)) },
		} {
			silence(true)
			b := w.browser()
			q := b.ask(w, west)
			began := time.Now()
			a := b.post(q.ACS, w.draftFor(q, "ann@acme.test").encoded(t))
			a.want(t, http.StatusServiceUnavailable)
			if took := time.Since(began); a.cause() != "kms" || took > kmsLimit {
				t.Errorf("%s: cause %q after %v", name, a.cause(), took)
			}
			silence(false)
		}
	})
}

func TestKMSFaultStatusIsAKnob(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		b := w.browser()
		page, _ := b.signIn(w, east, "ann@acme.test")
		w.kms[east].set("DisabledException")
		time.Sleep(viewLife)
		b.accounts(east, page.token()).want(t, http.StatusInternalServerError)
	}, func(c *Config) { c.Behaviour.KMSFaultStatus = http.StatusInternalServerError })
}

func TestKMSCache(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.browser().signIn(w, east, "ann@acme.test")
		before := w.kms[east].calls("Decrypt")
		w.kms[east].set("DisabledException")
		for range 3 {
			w.browser().signIn(w, east, "ann@acme.test")
		}
		if got := w.kms[east].calls("Decrypt") - before; got != 0 {
			t.Errorf("KMS was asked %d times", got)
		}
		time.Sleep(time.Minute)
		b := w.browser()
		q := b.ask(w, east)
		b.post(q.ACS, w.draftFor(q, "ann@acme.test").encoded(t)).want(t, http.StatusForbidden)
	}, func(c *Config) { c.Behaviour.KMSCache = time.Minute })
}

func TestDirectoryIsEncryptedAtRest(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		for region, r := range w.replicas {
			w.browser().signIn(w, region, "ann@acme.test")
			raw, err := os.ReadFile(r.deps.Dir + "/identity-center.records")
			if err != nil {
				t.Fatal(err)
			}
			for _, open := range []string{"acme", "Ann", "production", "okta", "everyone"} {
				if bytes.Contains(raw, []byte(open)) {
					t.Errorf("%s holds %q in the clear", region, open)
				}
			}
			if r.vault.store.opened != nil {
				t.Errorf("%s holds Identity Store's data key opened", region)
			}
		}
	})
}

func TestPutWithoutTheKey(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.kms[east].set("DisabledException")
		before := w.replicas[east].Position()
		_, err := w.replicas[east].Put(t.Context(), renamed("Robert"))
		if err == nil || !strings.Contains(err.Error(), "asking KMS") {
			t.Errorf("error %v", err)
		}
		if after := w.replicas[east].Position(); !slices.Equal(before, after) {
			t.Errorf("it was %v and is %v", before, after)
		}
	})
}

// withPolicies has KMS played by fakes/kms, with a key in both Regions whose policy is AWS's.
func withPolicies(t *testing.T, test func(t *testing.T, w *world, keys *fakekms.Service, keyID string)) {
	t.Helper()
	const account = "111122223333"
	keys := fakekms.New(fakekms.Config{Account: account, Principals: map[string]string{
		"AKIDEXAMPLE": "sso.amazonaws.com", IdentityStoreAccessKey: "identitystore.amazonaws.com",
	}}, fakekms.Deps{})
	keyID, err := keys.CreateKey(east, fakekms.BaselinePolicy(east, account))
	if err == nil {
		err = keys.ReplicateKey(keyID, west, fakekms.BaselinePolicy(east, account))
	}
	if err != nil {
		t.Fatal(err)
	}
	signers() // keys are made outside the bubble
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, func(c *Config) { c.KeyID = names.KeyARN(c.Region, account, keyID) })
		defer w.close()
		for _, region := range []string{east, west} {
			w.net.hosts[names.KMSHost(region)] = keys.Handler(region)
		}
		w.start()
		test(t, w, keys, keyID)
	})
}

// TestEachServiceAsksKMS has AWS's policy forget one service or the other, in one Region. Nobody is let in there, and
// everybody elsewhere.
func TestEachServiceAsksKMS(t *testing.T) {
	for _, forgotten := range []string{"identitystore.amazonaws.com", "sso.amazonaws.com"} {
		t.Run(forgotten, func(t *testing.T) {
			withPolicies(t, func(t *testing.T, w *world, keys *fakekms.Service, keyID string) {
				w.browser().signIn(w, west, "ann@acme.test")
				good := fakekms.BaselinePolicy(east, w.instance.Account)
				if err := keys.SetPolicy(west, keyID, strings.ReplaceAll(good, forgotten, "s3.amazonaws.com")); err != nil {
					t.Fatal(err)
				}
				b := w.browser()
				q := b.ask(w, west)
				a := b.post(q.ACS, w.draftFor(q, "ann@acme.test").encoded(t))
				a.want(t, http.StatusForbidden)
				if a.cause() != "kms" || !strings.Contains(a.body, "ERROR Code: 0001 - IdentityCenter service access is blocked.") {
					t.Errorf("the page says %s", a.body)
				}
				w.browser().signIn(w, east, "ann@acme.test")
				if err := keys.SetPolicy(west, keyID, good); err != nil {
					t.Fatal(err)
				}
				w.browser().signIn(w, west, "ann@acme.test")
			})
		})
	}
}

// TestEncryptionContexts has a policy that knows each service by its own context alone.
func TestEncryptionContexts(t *testing.T) {
	withPolicies(t, func(t *testing.T, w *world, keys *fakekms.Service, keyID string) {
		statement := func(service, name, arn, tenant string) string {
			return fmt.Sprintf(`{"Effect": "Allow", "Principal": {"Service": "%s.amazonaws.com"}, "Action": "kms:Decrypt",
				"Resource": "*", "Condition": {"StringEquals": {"kms:EncryptionContext:%s": %q,
				"kms:EncryptionContext:tenant-key-id": %q}, "ArnEquals": {"aws:SourceArn": %q},
				"ForAllValues:StringEquals": {"kms:EncryptionContextKeys": [%q, "tenant-key-id"]}}}`,
				service, name, arn, tenant, arn, name)
		}
		policy := `{"Version": "2012-10-17", "Statement": [` +
			statement("sso", "aws:sso:instance-arn", w.instance.ARN(), w.instance.ID) + "," +
			statement("identitystore", "aws:identitystore:identitystore-arn", w.instance.IdentityStoreARN(), w.instance.UUID) + `]}`
		if err := keys.SetPolicy(east, keyID, policy); err != nil {
			t.Fatal(err)
		}
		w.browser().signIn(w, east, "ann@acme.test")
	})
}
