package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/regiondrill/regiondrill/harness/drill"
)

// shard is a part of a set of drills, such as 2/3; the zero value is all of it.
type shard struct {
	number, of int
	all        []string // the scenarios of all parts, by name
	mine       []string // and of this part
}

// maxShards bounds the parts.
const maxShards = 1000

// shardType is what the flag's value is called.
const shardType = "part"

// String is the flag's value.
func (s *shard) String() string {
	if s.of == 0 {
		return ""
	}
	return fmt.Sprintf("%d/%d", s.number, s.of)
}

// Type names the kind of the flag's value.
func (s *shard) Type() string { return shardType }

// Set reads the flag's value.
func (s *shard) Set(word string) error {
	i, n, _ := strings.Cut(word, "/")
	part, err := strconv.Atoi(i)
	of, failed := strconv.Atoi(n)
	if err != nil || failed != nil || part < 1 || part > of || of > maxShards {
		return errors.New("not a part")
	}
	s.number, s.of = part, of
	return nil
}

// empty says that this part has nothing to run.
func (s *shard) empty() string {
	are := fmt.Sprintf("%d scenarios are", len(s.all))
	if len(s.all) == 1 {
		are = "1 scenario is"
	}
	return fmt.Sprintf("Part %v has nothing to run: %s fewer than its parts.", s, are)
}

// part chooses the drills of this part: those that take longest go first, each to the part that has least to do. The
// same drills give the same parts on any machine.
func (s *shard) part(drills []*compiled) []*compiled {
	if s.of == 0 {
		return drills
	}
	sorted := slices.Clone(drills)
	slices.SortFunc(sorted, func(a, b *compiled) int {
		return cmp.Or(cmp.Compare(takes(b), takes(a)), cmp.Compare(a.scenario.Name, b.scenario.Name))
	})
	load, count := make([]time.Duration, s.of), make([]int, s.of)
	part := map[*compiled]int{}
	for _, d := range sorted {
		least := 0
		for i := range load {
			if cmp.Or(cmp.Compare(load[i], load[least]), cmp.Compare(count[i], count[least])) < 0 {
				least = i
			}
		}
		part[d] = least
		load[least] += takes(d)
		count[least]++
	}
	var mine []*compiled
	for _, d := range drills {
		s.all = append(s.all, d.scenario.Name)
		if part[d] == s.number-1 {
			mine, s.mine = append(mine, d), append(s.mine, d.scenario.Name)
		}
	}
	return mine
}

// takes is how long a drill is planned to take: nothing, where it is skipped.
func takes(d *compiled) time.Duration {
	if d.skipped != nil {
		return 0
	}
	return d.plan.Duration()
}

const (
	shardSchema = "regiondrill.shard/v1"
	shardFile   = "shard.json"
)

// sharded is what a part's folder says of what was to be run.
type sharded struct {
	Schema    string   `json:"schema"`
	Part      int      `json:"part"` // from 1
	Of        int      `json:"of"`
	Scenarios []string `json:"scenarios"` // of this part
	All       []string `json:"all"`       // of all parts
}

// write says in a folder what was to be run.
func (s *shard) write(dir string) error {
	text, err := json.MarshalIndent(sharded{shardSchema, s.number, s.of, listed(s.mine), listed(s.all)}, "", "  ")
	if err == nil {
		err = drill.Replace(filepath.Join(dir, shardFile), append(text, '\n'))
	}
	if err != nil {
		return fmt.Errorf("writing %s: %w", shardFile, err)
	}
	return nil
}

// listed is a list that is [] in JSON where it is empty.
func listed(names []string) []string { return append([]string{}, names...) }
