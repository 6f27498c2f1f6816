package identitycenter

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/identitystore"
	"github.com/aws/aws-sdk-go-v2/service/identitystore/types"

	"github.com/regiondrill/regiondrill/harness/names"
)

// TestAsOktaProvisions replays what Okta sends: it looks for the user, makes it, and later changes it as a whole;
// it takes away access by a PATCH without a path; groups it pushes by name and members one by one.
func TestAsOktaProvisions(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		p := &provisioner{t, w, scimSecret}
		p.do("GET", "Users?count=1&startIndex=1", "").want(t, 200) // "Test API Credentials"
		if got := p.do("GET", "Users"+filter(`userName eq "cleo@acme.test"`)+"&startIndex=1&count=100", "").found(t); len(got) != 0 {
			t.Fatalf("it is there: %q", got)
		}
		user := `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"cleo@acme.test","name":{"givenName":"Cleo","familyName":"Example"},
			"emails":[{"primary":true,"value":"cleo@acme.test","type":"work"}],"displayName":"Cleo Example","locale":"en-US","externalId":"00ujl29u0le5T6Aj10h7",
			"groups":[],"active":true%s}`
		id := p.do("POST", "Users", fmt.Sprintf(user, "")).want(t, 201)
		p.do("GET", "Users/"+id, "").want(t, 200)
		p.do("PUT", "Users/"+id, fmt.Sprintf(user, `,"id":"`+id+`","title":"Pilot","meta":{"resourceType":"User"}`)).want(t, 201)
		p.do("POST", "Users", fmt.Sprintf(user, "")).want(t, 409) // a second full synchronization

		if got := p.do("GET", "Groups"+filter(`displayName eq "pilots"`)+"&startIndex=1&count=100", "").found(t); len(got) != 0 {
			t.Fatalf("the group is there: %q", got)
		}
		group := p.do("POST", "Groups", `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"],"displayName":"pilots","members":[]}`).want(t, 201)
		p.do("PATCH", "Groups/"+group, patch(`{"op":"add","path":"members","value":[{"value":"`+id+`","display":"cleo@acme.test"}]}`)).want(t, 204)
		if got := p.do("GET", "Groups"+filter(`id eq "`+group+`" and members eq "`+id+`"`), "").found(t); len(got) != 1 {
			t.Errorf("it is no member: %q", got)
		}
		// linking a group that exists, by its name, as Okta does it
		p.do("PATCH", "Groups/g-1", patch(`{"op":"replace","value":{"id":"g-1","displayName":"everyone"}}`)).want(t, 400)
		p.do("PATCH", "Groups/"+group, patch(`{"op":"replace","path":"members","value":[{"value":"`+id+`"}]}`)).want(t, 400)
		p.do("PATCH", "Groups/"+group, patch(`{"op":"remove","path":"members[value eq \"`+id+`\"]"}`)).want(t, 204)

		b := w.browser()
		page, _ := b.signIn(w, east, "cleo@acme.test")
		p.do("PATCH", "Users/"+id, patch(`{"op":"replace","value":{"active":false}}`)).want(t, 200)
		found := must[*identitystore.GetUserIdOutput](t)(w.storeClient(east).GetUserId(t.Context(), &identitystore.GetUserIdInput{IdentityStoreId: w.storeID(),
			AlternateIdentifier: &types.AlternateIdentifierMemberExternalId{Value: types.ExternalId{Id: aws.String("00ujl29u0le5T6Aj10h7"),
				Issuer: aws.String("https://scim.aws.com/" + w.instance.UUID)}}}))
		u := must[*identitystore.DescribeUserOutput](t)(w.storeClient(east).DescribeUser(t.Context(), &identitystore.DescribeUserInput{
			IdentityStoreId: w.storeID(), UserId: found.UserId}))
		if aws.ToString(found.UserId) != id || u.UserStatus != types.UserStatusDisabled || aws.ToString(u.Title) != "Pilot" {
			t.Errorf("by the provider's id it is %s, %+v", aws.ToString(found.UserId), u)
		}
		b.accounts(east, page.token()).want(t, http.StatusUnauthorized)
		p.do("PATCH", "Users/"+id, patch(`{"op":"replace","value":{"active":true}}`)).want(t, 200)
		w.browser().signIn(w, east, "cleo@acme.test")
		p.do("DELETE", "Groups/"+group, "").want(t, 204)
		// who came with the instance's directory has no name but the one that is shown
		p.do("PATCH", "Users/u-2", patch(`{"op":"replace","value":{"active":false}}`)).want(t, 200)
	}, withSCIM, withAdministrator)
}

// TestAsEntraProvisions replays what Entra ID sends: operations in capitals, truth as text, values chosen by their
// type, attributes after their schema's URN, members one by one, and a disabling before the deletion.
func TestAsEntraProvisions(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		p := &provisioner{t, w, scimSecret}
		if got := p.do("GET", "Users"+filter(`userName eq "4a2b0c1e-7a5c-4d1b-9a51-1f7d8a3f0c55"`), "").found(t); len(got) != 0 { // "Test Connection"
			t.Fatalf("somebody is called so: %q", got)
		}
		id := p.do("POST", "Users", `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User","urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"],
			"externalId":"cleo","userName":"cleo@acme.test","active":true,"displayName":"Cleo Example","emails":[{"primary":true,"type":"work","value":"cleo@acme.test"}],
			"meta":{"resourceType":"User"},"name":{"formatted":"Cleo Example","familyName":"Example","givenName":"Cleo"},
			"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"department":"Flight"}}`).want(t, 201)
		got := p.do("PATCH", "Users/"+id, patch(`{"op":"Replace","path":"displayName","value":"Cleopatra"},
			{"op":"Add","path":"emails[type eq \"work\"].value","value":"c@acme.test"},{"op":"Add","path":"addresses[type eq \"work\"].country","value":"IE"},
			{"op":"Add","path":"phoneNumbers[type eq \"work\"].value","value":"1"},
			{"op":"Replace","path":"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department","value":"Sea"},
			{"op":"Add","path":"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager","value":"u-1"},{"op":"Remove","path":"externalId"}`))
		got.want(t, 200)
		for _, part := range []string{`"displayName":"Cleopatra"`, `"emails":[{"primary":true,"type":"work","value":"c@acme.test"}]`,
			`"addresses":[{"country":"IE","type":"work"}]`, `"department":"Sea","manager":{"value":"u-1"}`} {
			if !strings.Contains(got.raw, part) {
				t.Errorf("it lacks %s: %s", part, got.raw)
			}
		}
		if got.body["externalId"] != nil {
			t.Errorf("it still has %v", got.body["externalId"])
		}
		if got := p.do("GET", "Groups?excludedAttributes=members&filter="+"displayName%20eq%20%22pilots%22", "").found(t); len(got) != 0 {
			t.Fatalf("the group is there: %q", got)
		}
		group := p.do("POST", "Groups", `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"],"externalId":"8aa1a0c0","displayName":"pilots",
			"meta":{"resourceType":"Group"},"members":null}`).want(t, 201)
		p.do("GET", "Groups/"+group+"?excludedAttributes=members", "").want(t, 200)
		p.do("PATCH", "Groups/"+group, patch(`{"op":"Add","path":"members","value":[{"$ref":null,"value":"`+id+`"}]}`)).want(t, 204)
		p.do("PATCH", "Groups/"+group, patch(`{"op":"Replace","path":"displayName","value":"captains"}`)).want(t, 204)
		if got := p.do("GET", "Groups"+filter(`members.value eq "`+id+`"`), "").found(t); !slices.Equal(got, []string{group}) {
			t.Errorf("it is in %q", got)
		}
		p.do("PATCH", "Groups/"+group, patch(`{"op":"Remove","path":"members","value":[{"$ref":null,"value":"`+id+`"}]}`)).want(t, 204)
		if got := p.do("PATCH", "Users/"+id, patch(`{"op":"Replace","path":"active","value":"False"}`)); got.body["active"] != false {
			t.Errorf("disabled, it is %s", got.raw)
		}
		p.do("DELETE", "Users/"+id, "").want(t, 204)
	}, withSCIM)
}

// TestALeaverKeepsTheOtherRegion: who is deleted by SCIM loses the primary at once, and the other Region when that
// arrives; until then sign-in works there, and Identity Store there has the user.
func TestALeaverKeepsTheOtherRegion(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		p := &provisioner{t, w, scimSecret}
		b := map[string]*browser{east: w.browser(), west: w.browser()}
		token := map[string]string{}
		for region := range b {
			page, _ := b[region].signIn(w, region, "ann@acme.test")
			token[region] = page.token()
		}
		time.Sleep(5 * time.Second) // the sessions are in both Regions
		w.replicas[east].Hold([]EdgeRule{{Stream: StreamIdentities, Paused: true}})
		p.do("DELETE", "Users/u-1", "").want(t, 204)
		b[east].accounts(east, token[east]).want(t, http.StatusUnauthorized)
		time.Sleep(time.Minute)
		b[west].accounts(west, token[west]).want(t, http.StatusOK)
		w.browser().signIn(w, west, "ann@acme.test")
		describe := func(region string) error {
			_, err := w.storeClient(region).DescribeUser(t.Context(), &identitystore.DescribeUserInput{IdentityStoreId: w.storeID(), UserId: aws.String("u-1")})
			return err
		}
		if err := describe(west); err != nil || describe(east) == nil {
			t.Errorf("it is known: %v there, %v here", err, describe(east))
		}
		w.replicas[east].Hold(nil)
		if err := w.replicas[west].Wait(t.Context(), w.replicas[east].Position()); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		b[west].accounts(west, token[west]).want(t, http.StatusUnauthorized)
		q := b[west].ask(w, west)
		if a := b[west].post(q.ACS, w.draftFor(q, "ann@acme.test").encoded(t)); a.cause() == "" || describe(west) == nil {
			t.Errorf("gone, they still sign in: %d, %v", a.StatusCode, describe(west))
		}
		left := must[*identitystore.ListGroupMembershipsOutput](t)(w.storeClient(west).ListGroupMemberships(t.Context(),
			&identitystore.ListGroupMembershipsInput{IdentityStoreId: w.storeID(), GroupId: aws.String("g-1")}))
		if len(left.GroupMemberships) != 1 || left.GroupMemberships[0].MemberId.(*types.MemberIdMemberUserId).Value != "u-2" {
			t.Errorf("the memberships there: %+v", left.GroupMemberships)
		}
	}, withSCIM, withAdministrator)
}

// TestARenamedUserStaysSignedIn, and whoever gets the old name then has nothing of it.
func TestARenamedUserStaysSignedIn(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		p, b := &provisioner{t, w, scimSecret}, w.browser()
		page, before := b.signIn(w, east, "ann@acme.test")
		p.do("PATCH", "Users/u-1", patch(`{"op":"replace","path":"userName","value":"anna@acme.test"}`)).want(t, 200)
		other := p.do("POST", "Users", scimUser("ann@acme.test")).want(t, 201)
		time.Sleep(2 * viewLife)
		a := b.accounts(east, page.token())
		a.want(t, http.StatusOK)
		var after accountList
		if err := json.Unmarshal([]byte(a.body), &after); err != nil || len(after.Accounts) != len(before.Accounts) || len(after.Accounts) == 0 {
			t.Errorf("renamed, they may use %s", a.body)
		}
		if _, accounts := w.browser().signIn(w, east, "ann@acme.test"); len(accounts.Accounts) != 0 {
			t.Errorf("who has the old name may use %+v", accounts)
		}
		p.do("DELETE", "Users/"+other, "").want(t, 204)
		b.accounts(east, page.token()).want(t, http.StatusOK)
		w.browser().signIn(w, east, "anna@acme.test")
	}, withSCIM)
}

// events reads a Region's, after a number.
func (w *world) events(t *testing.T, region, query string) (lines []eventLine, status int) {
	t.Helper()
	a := w.browser().get("https://" + names.EventsHost(region) + "/" + query)
	if a.StatusCode != http.StatusOK {
		return nil, a.StatusCode
	}
	for text := range strings.Lines(a.body) {
		var l eventLine
		if err := json.Unmarshal([]byte(text), &l); err != nil {
			t.Fatal(err)
		}
		lines = append(lines, l)
	}
	return lines, a.StatusCode
}

// TestEventsInEveryRegion: one change is one event in each Region, in the one when it is made and in the other when it
// arrives.
func TestEventsInEveryRegion(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		synctest.Wait()
		last := map[string]string{}
		for _, region := range []string{east, west} {
			first, _ := w.events(t, region, "")
			if len(first) != 6 { // of the directory that the instance began with
				t.Fatalf("%s began with %d events", region, len(first))
			}
			last[region] = fmt.Sprintf("?wait=60&after=%d", first[5].Number)
		}
		p := &provisioner{t, w, scimSecret}
		id := p.do("POST", "Users", scimUser("cleo@acme.test")).want(t, 201)
		p.do("PATCH", "Users/"+id, patch(`{"op":"replace","path":"title","value":"Pilot"}`)).want(t, 200)
		group := p.do("POST", "Groups", `{"displayName":"pilots","members":[{"value":"`+id+`"}]}`).want(t, 201)
		p.do("PATCH", "Groups/"+group, patch(`{"op":"replace","path":"displayName","value":"captains"}`)).want(t, 204)
		p.do("DELETE", "Users/"+id, "").want(t, 204)
		p.do("DELETE", "Groups/"+group, "").want(t, 204)
		want := []string{"User Created", "User Updated", "Group Created", "Group Membership Created", "Group Updated",
			"Group Membership Deleted", "User Deleted", "Group Deleted"}
		here := time.Now()
		if there, _ := w.events(t, west, last[west]); len(there) == 0 || !there[0].At.After(here) {
			t.Errorf("the first arrived there without a lag: %+v", there)
		}
		if err := w.replicas[west].Wait(t.Context(), w.replicas[east].Position()); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		for _, region := range []string{east, west} {
			lines, _ := w.events(t, region, last[region])
			var got []string
			for _, l := range lines {
				got = append(got, l.Event.DetailType)
				if l.Event.Region != region || l.Event.Source != "aws.identitystore" || l.Event.Account != w.instance.Account ||
					l.Event.Time != l.At.UTC().Format(time.RFC3339) || len(l.Event.Resources) < 2 {
					t.Errorf("in %s: %+v", region, l)
				}
			}
			if !slices.Equal(got, want) {
				t.Errorf("in %s they are %q", region, got)
			}
			m := lines[3].Event
			if m.Detail["user-id"] != id || m.Detail["group-id"] != group || m.Resources[3] != "arn:aws:identitystore:::user/"+id {
				t.Errorf("a membership's is %+v", m)
			}
			if strings.Contains(fmt.Sprint(lines), "acme.test") {
				t.Error("events tell who somebody is")
			}
		}
		w.put(testDirectory()) // is what there is already
		if lines, _ := w.events(t, east, fmt.Sprintf("?after=%d", 6+len(want))); len(lines) != 0 {
			t.Errorf("nothing has changed, and it is told: %+v", lines)
		}
	}, withSCIM)
}

// TestEventsThatAreMissed: who asks for what is forgotten, or for what never was, is told so; who waits is told of the
// next, or of none.
func TestEventsThatAreMissed(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		synctest.Wait()
		for query, want := range map[string]int{"?after=7": 410, "?after=x": 400, "?after=-1": 400, "?wait=61": 400, "?after=6": 200, "?after=0": 200} {
			if _, got := w.events(t, east, query); got != want {
				t.Errorf("%s: %d, want %d", query, got, want)
			}
		}
		began := time.Now()
		if lines, _ := w.events(t, east, "?after=6&wait=30"); len(lines) != 0 || time.Since(began) != 30*time.Second {
			t.Errorf("%d after %v", len(lines), time.Since(began))
		}
		r := w.replicas[east]
		for range maxEvents {
			r.events.add(identityChange{kind: kindUser, what: "Updated"})
		}
		if _, got := w.events(t, east, "?after=6"); got != http.StatusGone {
			t.Errorf("what was forgotten: %d", got)
		}
		lines, _ := w.events(t, east, "")
		if oldest, newest := r.events.bounds(); len(lines) != eventsOfPage || lines[0].Number != oldest || newest != maxEvents+6 {
			t.Errorf("%d from %d; kept are %d to %d", len(lines), lines[0].Number, oldest, newest)
		}
	})
}
