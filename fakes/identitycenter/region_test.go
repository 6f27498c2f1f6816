package identitycenter

import (
	"errors"
	"net/http"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssoadmin"
	"github.com/aws/aws-sdk-go-v2/service/ssoadmin/types"

	"github.com/regiondrill/regiondrill/fakes/awsjson"
	"github.com/regiondrill/regiondrill/fakes/records"
	"github.com/regiondrill/regiondrill/harness/names"
)

const south, north = "ap-southeast-2", "eu-north-1"

// inWiderWorld has two more Regions that the instance can be replicated to.
func inWiderWorld(t *testing.T, test func(t *testing.T, w *world), options ...option) {
	t.Helper()
	signers()
	synctest.Test(t, func(t *testing.T) {
		w := worldOf(t, []string{east, west, south, north}, options...)
		defer w.close()
		w.start()
		test(t, w)
	})
}

func (w *world) add(region string) error {
	w.t.Helper()
	_, err := w.admin(east).AddRegion(w.t.Context(), &ssoadmin.AddRegionInput{
		InstanceArn: aws.String(w.instance.ARN()), RegionName: &region})
	return err
}

func (w *world) remove(region string) error {
	w.t.Helper()
	_, err := w.admin(east).RemoveRegion(w.t.Context(), &ssoadmin.RemoveRegionInput{
		InstanceArn: aws.String(w.instance.ARN()), RegionName: &region})
	return err
}

// status of a Region as the client tells it in another; empty where there is none.
func (w *world) status(in, region string) types.RegionStatus {
	w.t.Helper()
	out, err := w.admin(in).DescribeRegion(w.t.Context(), &ssoadmin.DescribeRegionInput{
		InstanceArn: aws.String(w.instance.ARN()), RegionName: &region})
	if err != nil {
		fails(w.t, "describing "+region, err, "ResourceNotFoundException")
		return ""
	}
	return out.Status
}

// TestARegionIsAdded: it serves nobody until it has everything, which takes the longer the more there is, and takes part
// in everything from then on. While it is being added nobody else notices.
func TestARegionIsAdded(t *testing.T) {
	var took [2]time.Duration
	for i, more := range []bool{false, true} {
		inWiderWorld(t, func(t *testing.T, w *world) {
			d := testDirectory()
			if more {
				d = crowded()
			}
			w.put(d)
			early := w.browser()
			early.signIn(w, east, "ann@acme.test")
			time.Sleep(10 * time.Second)
			a := w.browser().get(w.instance.PortalURL(south))
			if a.StatusCode != http.StatusServiceUnavailable || a.cause() != string(causeNotReady) {
				t.Errorf("before: status %d, cause %q", a.StatusCode, a.cause())
			}
			began := time.Now()
			if err := w.add(south); err != nil {
				t.Fatal(err)
			}
			if got := w.status(east, south); got != types.RegionStatusAdding {
				t.Errorf("at once it is %s", got)
			}
			fails(t, "another one meanwhile", w.add(north), "ConflictException")
			w.browser().signIn(w, west, "bob@acme.test")
			for w.status(east, south) == types.RegionStatusAdding {
				w.browser().signIn(w, east, "ann@acme.test") // there is always something new
				w.browser().get(w.instance.PortalURL(south)).want(t, http.StatusServiceUnavailable)
				time.Sleep(100 * time.Millisecond)
			}
			took[i] = time.Since(began)
			time.Sleep(3 * time.Second)
			if got := w.status(south, south); got != types.RegionStatusActive {
				t.Errorf("it calls itself %s", got)
			}
			w.browser().signIn(w, south, "ann@acme.test")
			login := early.get(w.instance.PortalURL(south)).want(t, http.StatusFound)
			early.get(login.String()).want(t, http.StatusSeeOther) // who had signed in before needn't again
			list, err := w.admin(south).ListRegions(t.Context(), &ssoadmin.ListRegionsInput{InstanceArn: aws.String(w.instance.ARN())})
			if got := ok(t, list, err).Regions; len(got) != 3 {
				t.Errorf("it lists %+v", got)
			}
		})
	}
	if took[1] < 4*took[0] {
		t.Errorf("it took %v, and %v with 500 users more", took[0], took[1])
	}
}

// applicationsKept are the names of the applications that a Region has records of.
func (w *world) applicationsKept(region string) (all []string) {
	w.t.Helper()
	r := w.replicas[region]
	keys, err := r.vault.keys(w.t.Context())
	ok(w.t, keys, err)
	ok(w.t, 0, r.store.View(keys, func(tx *records.Tx) error {
		return each(tx, kindApplication, func(_ string, a *Application) error {
			all = append(all, a.Name)
			return nil
		})
	}))
	return all
}

// TestARegionIsRemoved: it forgets everybody, and its own applications come back when it is added again.
func TestARegionIsRemoved(t *testing.T) {
	inWiderWorld(t, func(t *testing.T, w *world) {
		out, err := w.admin(west).CreateApplication(t.Context(), &ssoadmin.CreateApplicationInput{InstanceArn: aws.String(w.instance.ARN()),
			Name: aws.String("Wiki"), ApplicationProviderArn: aws.String("arn:aws:sso::aws:applicationProvider/custom")})
		app := ok(t, out, err).ApplicationArn
		of := &ssoadmin.CreateApplicationInput{InstanceArn: aws.String(w.instance.ARN()), Name: aws.String("Payroll"),
			ApplicationProviderArn: aws.String("arn:aws:sso::aws:applicationProvider/custom")}
		out, err = w.admin(east).CreateApplication(t.Context(), of)
		ok(t, out, err)
		b, early := w.browser(), w.browser()
		page, _ := b.signIn(w, west, "ann@acme.test")
		early.signIn(w, east, "bob@acme.test")
		time.Sleep(3 * time.Second)
		fails(t, "the primary", w.remove(east), "ValidationException")
		fails(t, "one that there isn't", w.remove(south), "ResourceNotFoundException")
		if err := w.remove(west); err != nil {
			t.Fatal(err)
		}
		fails(t, "again", w.remove(west), "ConflictException")
		time.Sleep(5 * time.Second)
		if got := w.status(east, west); got != "" {
			t.Errorf("it is %s", got)
		}
		b.get(w.instance.PortalURL(west)).want(t, http.StatusServiceUnavailable)
		b.accounts(west, page.token()).want(t, http.StatusUnauthorized)
		list, err := w.admin(west).ListInstances(t.Context(), nil)
		if got := ok(t, list, err).Instances; len(got) != 0 {
			t.Errorf("it knows of %+v", got)
		}
		if p, err := w.replicas[west].person(t.Context(), "ann@acme.test"); p != nil {
			t.Errorf("it remembers %+v, %v", p, err)
		}
		if got := w.applicationsKept(west); !slices.Equal(got, []string{"Wiki"}) {
			t.Errorf("it keeps the applications %q", got)
		}
		_, err = w.admin(east).DescribeApplication(t.Context(), &ssoadmin.DescribeApplicationInput{ApplicationArn: app})
		fails(t, "an application of a Region that is gone", err, "ResourceNotFoundException")

		if err := w.add(west); err != nil {
			t.Fatal(err)
		}
		time.Sleep(20 * time.Second)
		told, err := w.admin(east).DescribeApplication(t.Context(), &ssoadmin.DescribeApplicationInput{ApplicationArn: app})
		if ok(t, told, err); *told.Name != "Wiki" {
			t.Errorf("the application came back as %+v", told)
		}
		if got := w.applicationsKept(west); len(got) != 2 {
			t.Errorf("it got back only the applications %q", got)
		}
		login := early.get(w.instance.PortalURL(west)).want(t, http.StatusFound)
		early.get(login.String()).want(t, http.StatusSeeOther) // and so did who is signed in elsewhere
		w.browser().signIn(w, west, "ann@acme.test")
	})
}

// TestWhatAddingARegionNeeds is fault F17.
func TestWhatAddingARegionNeeds(t *testing.T) {
	inWiderWorld(t, func(t *testing.T, w *world) {
		fails(t, "one that there is", w.add(west), "ConflictException")
		fails(t, "another partition's", w.add("cn-north-1"), "ValidationException")
		fails(t, "none of AWS's", w.add("eu-west-9"), "ValidationException")
		for kms, code := range map[string]string{
			"NotFoundException": "ValidationException", "DisabledException": "ValidationException",
			"KMSInvalidStateException": "ValidationException", "AccessDeniedException": "AccessDeniedException",
			"ThrottlingException": "ThrottlingException",
		} {
			w.kms[south].set(kms)
			fails(t, kms, w.add(south), code)
		}
		fails(t, "one of which nothing is there", w.add("ca-west-1"), "ValidationException")
		w.kms[south].set("")
		a := w.post11(west, names.SSOAdminHost(west), "sso", adminPrefix+".AddRegion",
			`{"InstanceArn":"`+w.instance.ARN()+`","RegionName":"`+south+`"}`)
		a.want(t, http.StatusForbidden)
		if err := w.add(south); err != nil {
			t.Fatal(err)
		}
		time.Sleep(10 * time.Second)
		fails(t, "one more than may be", w.add(north), "ServiceQuotaExceededException")
	}, func(c *Config) { c.Behaviour.MaxRegions = 3 })
}

// TestTwoRegionsAreAddedAtOnce: both calls find no change under way and ask KMS; one of them is too late.
func TestTwoRegionsAreAddedAtOnce(t *testing.T) {
	inWiderWorld(t, func(t *testing.T, w *world) {
		r := w.replicas[east]
		keys, _, err := r.changing(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if err := w.add(south); err != nil {
			t.Fatal(err)
		}
		late := Region{Name: north, Status: RegionAdding, Added: w.now()}
		fault, refused := errors.AsType[*awsjson.Fault](r.changeRegion(keys, north, nil, &late))
		if !refused || fault.Code != "ConflictException" {
			t.Errorf("the later one: %v", fault)
		}
		time.Sleep(10 * time.Second)
		if got := w.status(east, south); got != types.RegionStatusActive {
			t.Errorf("the earlier one is %s", got)
		}
	})
}

// TestARegionThatCantBeAdded stays ADDING, since there is no FAILED, and vanishes. The primary is restarted meanwhile.
func TestARegionThatCantBeAdded(t *testing.T) {
	inWiderWorld(t, func(t *testing.T, w *world) {
		w.net.setCut(true, names.ReplicationHost(south))
		if err := w.add(south); err != nil {
			t.Fatal(err)
		}
		time.Sleep(50 * time.Second)
		if got := w.status(east, south); got != types.RegionStatusAdding {
			t.Errorf("after 50 s it is %s", got)
		}
		w.restart(east)
		time.Sleep(65 * time.Second)
		if got := w.status(east, south); got != "" {
			t.Errorf("after a minute without progress it is %s", got)
		}
		w.net.setCut(false, names.ReplicationHost(south))
		if err := w.add(south); err != nil {
			t.Fatal(err)
		}
		time.Sleep(10 * time.Second)
		w.browser().signIn(w, south, "ann@acme.test")
	})
}

// crowded is the test directory with 500 users more, whom it takes ten seconds to bring to another Region.
func crowded() Directory {
	d := testDirectory()
	for k := range 500 {
		id := membershipID("user", string(rune(k)))
		d.Users = append(d.Users, User{ID: id, Name: id + "@acme.test"})
	}
	return d
}

// TestARegionThatRestartsWhileItIsAdded gets all: not the rest alone of a snapshot whose beginning it has lost.
func TestARegionThatRestartsWhileItIsAdded(t *testing.T) {
	inWiderWorld(t, func(t *testing.T, w *world) {
		d := crowded()
		w.put(d)
		time.Sleep(10 * time.Second)
		if err := w.add(south); err != nil {
			t.Fatal(err)
		}
		time.Sleep(5 * time.Second) // two parts of users are there
		w.restart(south)
		time.Sleep(time.Minute)
		if got := w.status(south, south); got != types.RegionStatusActive {
			t.Fatalf("it is %s", got)
		}
		for _, u := range d.Users {
			if p, err := w.replicas[south].person(t.Context(), u.Name); p == nil {
				t.Fatalf("%s is not there: %v", u.Name, err)
			}
		}
	})
}

// TestOneRegionAtATime, though two were asked for at once and both found nothing in their way.
func TestOneRegionAtATime(t *testing.T) {
	inWiderWorld(t, func(t *testing.T, w *world) {
		r := w.replicas[east]
		for _, region := range []string{south, north} { // as AddRegion does it in the end
			keys, err := r.vault.keys(t.Context())
			ok(t, keys, err)
			err = r.changeRegion(keys, region, nil, &Region{Name: region, Status: RegionAdding, Added: r.now()})
			if region == south {
				ok(t, 0, err)
				continue
			}
			var fault *awsjson.Fault
			if !errors.As(err, &fault) || fault.Code != "ConflictException" {
				t.Errorf("a second one: %v", err)
			}
		}
	})
}

// TestASnapshotCanBeHeld between its parts, and comes when it is no longer.
func TestASnapshotCanBeHeld(t *testing.T) {
	inWiderWorld(t, func(t *testing.T, w *world) {
		w.put(crowded())
		time.Sleep(10 * time.Second)
		if err := w.add(south); err != nil {
			t.Fatal(err)
		}
		time.Sleep(5 * time.Second)
		w.replicas[east].Hold([]EdgeRule{{To: south, Paused: true}})
		time.Sleep(40 * time.Second)
		if got := w.status(east, south); got != types.RegionStatusAdding {
			t.Errorf("while it is held it is %s", got)
		}
		w.replicas[east].Hold(nil)
		time.Sleep(40 * time.Second)
		if got := w.status(east, south); got != types.RegionStatusActive {
			t.Errorf("it is %s", got)
		}
	})
}

// TestARegionThatFailsKeepsNothing: what it had got before it could not go on is not left in a Region that is none of
// the instance's.
func TestARegionThatFailsKeepsNothing(t *testing.T) {
	inWiderWorld(t, func(t *testing.T, w *world) {
		if err := w.add(south); err != nil {
			t.Fatal(err)
		}
		time.Sleep(1300 * time.Millisecond)
		r := w.replicas[south]
		if r.store.Applied(w.replicas[east].log(StreamConfiguration)) == 0 {
			t.Fatal("it got nothing, so that nothing is shown")
		}
		w.kms[south].set("DisabledException")
		time.Sleep(70 * time.Second)
		if got := w.status(east, south); got != "" {
			t.Errorf("it is %s", got)
		}
		if r.store.Applied(w.replicas[east].log(StreamConfiguration)) != 0 {
			t.Error("it kept what it had got")
		}
	}, func(c *Config) { c.Behaviour.AddPace = 200 * time.Millisecond })
}
