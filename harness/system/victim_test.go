package system_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/url"
	"os"
	"testing"
	"time"

	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/catalog"
	"github.com/regiondrill/regiondrill/harness/drill"
	"github.com/regiondrill/regiondrill/harness/faults"
	"github.com/regiondrill/regiondrill/harness/history"
	"github.com/regiondrill/regiondrill/harness/lab"
	"github.com/regiondrill/regiondrill/harness/rollback"
	"github.com/regiondrill/regiondrill/harness/system"
)

const (
	region         = "eu-west-1"
	victimVariable = "REGIONDRILL_TEST_VICTIM" // holds the victim that this process is to be
)

// victim is a run in a process of its own, all of whose changes outlive it.
type victim struct {
	Folder, URL, ARN string
	Fault, Config    string        // its kind, and its mode or error code
	Lease            time.Duration // of its keeper; 0: it has none
	Once             bool          // one fault stays in force, where else one follows another
}

// TestMain is the tests, or one of the processes that they are about: a victim or its keeper.
func TestMain(m *testing.M) {
	if len(os.Args) == 5 && os.Args[1] == "keeper" {
		lease, err := time.ParseDuration(os.Args[3])
		if err == nil {
			err = (&drill.Runner{Catalog: catalog.Default()}).Keep(context.Background(), os.Args[4], os.Stdin, lease)
		}
		exit(err)
	}
	if said, is := os.LookupEnv(victimVariable); is {
		var v victim
		err := json.Unmarshal([]byte(said), &v)
		if err == nil {
			err = v.run()
		}
		exit(err)
	}
	os.Exit(m.Run())
}

// brokeDown is the code with which a victim exits that nobody had to kill.
const brokeDown = 3

func exit(err error) {
	if err != nil {
		fmt.Println(err)
		os.Exit(brokeDown)
	}
	os.Exit(0)
}

// run injects and undoes until somebody kills it, or a keeper takes over.
func (v *victim) run() error {
	folder, err := history.CreateFolder(v.Folder, nil)
	if err != nil {
		return err
	}
	r := &drill.Runner{Catalog: catalog.Default(), Lease: v.Lease}
	if v.Lease > 0 {
		r.Keeper = []string{os.Args[0], "keeper"}
	}
	ctx, cancel := context.WithCancelCause(context.Background())
	keeper, err := r.NewKeeper(v.Folder, cancel)
	if err != nil {
		return err
	}
	back := &rollback.Stack{Journal: folder.Undo, Keeper: keeper}
	turn, err := v.turn(back)
	if err != nil {
		return err
	}
	fmt.Println("begins")
	for ctx.Err() == nil {
		if err := turn(ctx); err != nil && ctx.Err() == nil && keeper.Taken() == nil {
			return err
		}
	}
	err = errors.Join(back.Unwind(ctx), keeper.Settled())
	keeper.Part()
	return err
}

// turn does something and takes it back.
func (v *victim) turn(back *rollback.Stack) (func(context.Context) error, error) {
	if v.Fault == ownSystem {
		t := topology()
		t.KMS = harness.KMSSettings{Backend: system.KMSEndpoint, URL: v.URL}
		return func(ctx context.Context) error {
			_, err := lab.Start(ctx, t, back)
			return errors.Join(err, back.Unwind(ctx))
		}, nil
	}
	fault, h, a, err := v.aim()
	return func(ctx context.Context) error {
		injected, err := fault.Inject(ctx, h, a, back)
		if err == nil && v.Once {
			fmt.Println("in force")
			<-ctx.Done()
		}
		if err != nil {
			return err
		}
		time.Sleep(rand.N(20 * time.Millisecond))
		return injected.Undo(ctx)
	}, err
}

// aim is the fault, and all that it acts on.
func (v *victim) aim() (fault harness.Fault, h *harness.Handles, a harness.Aim, err error) {
	at, err := url.Parse(v.URL)
	if err != nil {
		return nil, nil, a, err
	}
	for _, kind := range faults.Table() {
		if kind.Name == v.Fault {
			fault = kind.New()
		}
	}
	switch f := fault.(type) {
	case *faults.KMSKey:
		f.Mode = v.Config
	case *faults.APIErrors:
		f.Via, f.Code = "backend", v.Config
	}
	h = &harness.Handles{Backend: &harness.Backend{URL: v.URL},
		Key: map[string]harness.Key{region: system.NewDesign(topology()).KeyAt(at, region, v.ARN)}}
	a = harness.Aim{Name: "it", Region: region, Edges: []harness.Edge{{From: region, To: region}},
		Calls: &harness.Calls{Region: region, Service: "kms", Operation: "Decrypt"}}
	return fault, h, a, nil
}

func topology() harness.Topology {
	return harness.Topology{Seed: 7, Primary: "us-east-1", Additional: []string{region},
		Directory: harness.Directory{Users: 2, Groups: 1, Accounts: 1, PermissionSets: 1},
		IdP:       harness.IdPSettings{Dialect: "okta", ACS: []string{"us-east-1"}}}
}
