package aim

import (
	"slices"

	"github.com/regiondrill/regiondrill/harness"
	"github.com/regiondrill/regiondrill/harness/names"
)

// Person is somebody of the directory, whom a key of an action names: one with a name of their own, or a user by
// number. That nobody is named is for the reader to say.
func Person(key, name string, s harness.Scope) []harness.Problem {
	if name == "" {
		return nil
	}
	var known []string
	for _, p := range s.Directory.People {
		known = append(known, p.Name)
	}
	for i := range s.Directory.Users {
		known = append(known, names.User(i+1))
	}
	if slices.Contains(known, name) {
		return nil
	}
	return []harness.Problem{{Key: key, What: "person in the directory", Unknown: name,
		Among: known}}
}

// Region is a Region of the system, whom a key of an action names.
func Region(key, name string, s harness.Scope) []harness.Problem {
	if name == "" || slices.Contains(s.Regions(), name) {
		return nil
	}
	return []harness.Problem{{Key: key, What: "Region of the system", Unknown: name, Among: s.Regions()}}
}

// Outside is a Region of AWS that is none of the system's, whom a key of an action names.
func Outside(key, name string, s harness.Scope) []harness.Problem {
	switch {
	case slices.Contains(s.Regions(), name):
		return []harness.Problem{{Key: key, Sentence: name + " is a Region of the system; name another"}}
	case name == "" || names.IsRegion(name):
		return nil
	}
	return []harness.Problem{{Key: key, What: "Region", Unknown: name, Among: names.Regions()}}
}
