package probes

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/identitystore"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/history"
)

// auditForeignToken signs in in each Region, and shows its token to the API of another.
func auditForeignToken(ctx context.Context, a *harness.Audit) error {
	if len(a.Regions) < 2 {
		a.Tell("", history.AuditKept, "there is one Region alone")
		return nil
	}
	for i, region := range a.Regions {
		other := a.Regions[(i+1)%len(a.Regions)]
		u, done, err := auditor(a)
		if err != nil {
			return err
		}
		taken, refused, detail := u.showToken(ctx, region, a.World.Hosts(other, "portal_api"))
		judged(a, other, taken, refused, detail)
		done()
	}
	return nil
}

// showToken signs in in a Region and shows what it gets to the API of another.
func (u *person) showToken(ctx context.Context, region string, hosts []string) (taken, refused bool, detail string) {
	failed := u.signIn(ctx, u.world.Portal(region))
	switch {
	case failed != nil:
		return false, false, "there is no token of " + region + " to show: " + failed.detail
	case len(hosts) == 0:
		return false, false, "its API has no name"
	}
	req, err := newRequest(ctx, http.MethodGet, "https://"+hosts[0]+"/assignment/accounts?max_result=100", nil)
	if err != nil {
		return false, false, "its API has no address"
	}
	req.Header.Set("x-amz-sso_bearer_token", u.page.meta[u.world.Pages.Token])
	resp, failed := u.do(req)
	switch {
	case failed != nil:
		return false, false, failed.detail
	case resp.failed != nil:
		return false, resp.failed.class == history.ClassPortalError, resp.failed.detail
	}
	return true, false, "its API took a token of " + region
}

// auditElsewhere asks the Identity Store of every Region outside the instance who is in it. Where the primary's doesn't
// tell either, what the others don't tell means nothing.
func auditElsewhere(ctx context.Context, a *harness.Audit) error {
	if len(a.Outside) == 0 {
		a.Tell("", history.AuditUntold, "there is no Region outside the instance to ask")
		return nil
	}
	here, err := usersIn(ctx, a, a.Regions[0])
	heard := err == nil && here > 0
	for _, region := range a.Outside {
		users, err := usersIn(ctx, a, region)
		answered, is := errors.AsType[*smithyhttp.ResponseError](err)
		switch {
		case err == nil && users > 0:
			a.Tell(region, history.AuditViolated, "its Identity Store knows the instance's users")
		case !heard:
			a.Tell(region, history.AuditUntold, "the Identity Store of "+a.Regions[0]+" tells of no user either")
		case err == nil:
			a.Tell(region, history.AuditKept, "its Identity Store knows nobody")
		case is && answered.HTTPStatusCode() >= 400 && answered.HTTPStatusCode() < 500:
			a.Tell(region, history.AuditKept, fmt.Sprintf("its Identity Store answered %d", answered.HTTPStatusCode()))
		default:
			a.Tell(region, history.AuditUntold, "its Identity Store was not reached")
		}
	}
	return nil
}

// usersIn asks a Region's Identity Store for users, and tells how many it names: one is enough.
func usersIn(ctx context.Context, a *harness.Audit, region string) (int, error) {
	client, done := newClient(a.World, a.From)
	defer done()
	api := identitystore.New(identitystore.Options{Region: region, HTTPClient: client,
		Retryer:     aws.NopRetryer{},
		Credentials: credentials.NewStaticCredentialsProvider(a.Operator.AccessKeyID, a.Operator.Secret, "")})
	said, err := api.ListUsers(ctx, &identitystore.ListUsersInput{
		IdentityStoreId: aws.String(a.Operator.IdentityStore), MaxResults: aws.Int32(1)})
	if err != nil {
		return 0, err
	}
	return len(said.Users), nil
}

// manyPeople bounds of how many people the secrets are looked for.
const manyPeople = 200

// ofEveryAssertion is the namespace of SAML's assertions, which stands in each of them, whoever wrote it.
const ofEveryAssertion = "urn:oasis:names:tc:SAML:2.0:assertion"

// secretsOf tells of secrets what they are: of those that a probe has had in hands, and of what stands in every
// assertion and in every private key.
func secretsOf(w *harness.World) map[string]string {
	all := map[string]string{"PRIVATE KEY-----": "a private key", w.Operator.Secret: "the operator's access key"}
	for _, form := range append(inBase64(ofEveryAssertion), ofEveryAssertion) {
		all[form] = "an assertion"
	}
	for _, people := range [][]harness.Person{w.People[:min(len(w.People), manyPeople)], w.Others} {
		for _, p := range people {
			all[p.Password], all[p.Secret] = "the password of "+p.Name, "the one-time secret of "+p.Name
		}
	}
	delete(all, "") // who has none
	return all
}

// inBase64 are the three ways in which a text stands in base64, by where in a group of three bytes it begins, without
// the letters that hold bits of what stands around it.
func inBase64(text string) []string {
	const bits = 6 // of a letter
	var all []string
	for before := range 3 {
		whole := base64.RawStdEncoding.EncodeToString(append(make([]byte, before), text...))
		all = append(all, whole[(8*before+bits-1)/bits:8*(before+len(text))/bits])
	}
	return all
}

// auditSecrets searches all files of the run's folder.
func auditSecrets(ctx context.Context, a *harness.Audit) error {
	if a.Folder == "" {
		a.Tell("", history.AuditUntold, "the drill leaves no files")
		return nil
	}
	secrets, violated, files := secretsOf(a.World), false, 0
	err := filepath.WalkDir(a.Folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		files++
		held := map[string]bool{}
		for secret, what := range secrets {
			if bytes.Contains(data, []byte(secret)) {
				held[what] = true
			}
		}
		for _, what := range slices.Sorted(maps.Keys(held)) {
			violated = true
			a.Tell("", history.AuditViolated, filepath.Base(path)+" holds "+what)
		}
		return ctx.Err()
	})
	if err == nil && !violated {
		a.Tell("", history.AuditKept, fmt.Sprintf("no secret is in %d files", files))
	}
	return err
}
