package lab_test

import (
	"context"
	"fmt"
	"log"
	"time"

	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/lab"
	"github.com/regiondrill/regiondrill/harness/rollback"
	"github.com/regiondrill/regiondrill/probes"
)

// A Go program that puts up two Regions of IAM Identity Center and signs a person in. A test does so with StartTest.
func ExampleStart() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	back := &rollback.Stack{}
	defer func() {
		if err := back.Unwind(context.WithoutCancel(ctx)); err != nil {
			log.Print(err)
		}
	}()
	l, err := lab.Start(ctx, harness.Topology{
		Primary: "us-east-1", Additional: []string{"eu-west-1"},
		Directory: harness.Directory{Users: 1, Groups: 1, Accounts: 1, PermissionSets: 1},
		IdP:       harness.IdPSettings{Dialect: "okta", ACS: []string{"us-east-1", "eu-west-1"}},
		Vantages:  []harness.Vantage{{Name: "office"}},
	}, back)
	if err != nil {
		log.Print(err)
		return
	}
	login := probes.NewSAMLLogin()
	if err := login.Open(ctx, l.System.World); err != nil {
		log.Print(err)
		return
	}
	defer login.Close()

	attempt := &harness.Attempt{Due: time.Now(), Home: "eu-west-1",
		From: l.System.Place("office"), Person: l.System.People[0]}
	if err := login.Try(ctx, attempt); err != nil {
		log.Print(err)
		return
	}
	fmt.Println(attempt.Outcome, "in", attempt.Region, attempt.Detail)
	// Output: good in eu-west-1
}
