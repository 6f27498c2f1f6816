package scenario

import (
	"reflect"
	"slices"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"
)

// scenario reads the tree and holds the file against itself.
func (r *reader) scenario(root *yaml.Node, s *Scenario) {
	r.inspect(root, 1)
	r.mapping(root, reflect.ValueOf(s).Elem(), nil, nil)
	if s.System.IdP.ACS == nil { // [] is another thing: legal at AWS, and foolish
		s.System.IdP.ACS = s.System.Regions()
	}
	if s.Block.node == nil {
		return
	}
	if slices.Contains(s.System.Additional, s.System.Primary) && s.System.Primary != "" {
		i := slices.Index(s.System.Additional, s.System.Primary)
		key := "system.additional." + strconv.Itoa(i)
		r.add(s.Block.Errorf(key, "%s is the primary Region already", quote(s.System.Primary)))
	}
	for i, region := range s.System.Standby {
		if slices.Contains(append([]string{s.System.Primary}, s.System.Additional...), region) && region != "" {
			key := "system.standby." + strconv.Itoa(i)
			r.add(s.Block.Errorf(key, "%s is one of the instance's Regions already", quote(region)))
		}
	}
	r.flap(s)
	r.varied(s.Vary)
	oneEach(r, "probe", s.Probes, func(p Probe) (string, Block) { return p.Name, p.Block })
	oneEach(r, "fault", s.Faults, func(f Fault) (string, Block) { return f.Name, f.Block })
	oneEach(r, "action", s.Actions, func(a Action) (string, Block) { return a.Name, a.Block })
	oneEach(r, "check", s.Checks, func(c Check) (string, Block) { return c.Name, c.Block })
	r.instants(s.Faults)
	for _, a := range s.AbortIf {
		named := slices.ContainsFunc(s.Probes, func(p Probe) bool { return p.Name == a.Probe })
		if a.Probe != "" && !named && !r.unread["probes"] {
			r.add(a.Block.NoSuch("probe", "probe", a.Probe, probeNames(s.Probes)))
		}
	}
	for _, a := range s.Actions {
		named := slices.ContainsFunc(s.Faults, func(f Fault) bool { return f.Name == a.At.Name })
		if a.At.Name != "" && !named && !r.unread["faults"] {
			r.add(a.Block.NoSuch("at", "fault", a.At.Name, faultNames(s.Faults)))
		}
	}
}

func probeNames(probes []Probe) []string {
	var names []string
	for _, p := range probes {
		names = append(names, p.Name)
	}
	return names
}

func faultNames(faults []Fault) []string {
	var names []string
	for _, f := range faults {
		names = append(names, f.Name)
	}
	return names
}

func (r *reader) add(e *Error) { r.errs = append(r.errs, e) }

// oneEach refuses a name that is another's.
func oneEach[T any](r *reader, what string, entries []T, of func(T) (string, Block)) {
	first := map[string]Block{}
	for _, e := range entries {
		name, block := of(e)
		if earlier, taken := first[name]; taken && name != "" {
			r.add(block.Errorf("name", "another %s is called %s, in line %d", what, quote(name), earlier.Pos("name").Line))
			continue
		}
		first[name] = block
	}
}

// instants follows each fault that waits for another to the one that waits for none. Each is followed once: what is
// known to end, or told to be in a ring, is not followed again.
func (r *reader) instants(faults []Fault) {
	byName := map[string]Fault{}
	for _, f := range faults {
		if _, again := byName[f.Name]; !again {
			byName[f.Name] = f
		}
	}
	followed := map[string]bool{}
	for _, f := range faults {
		if _, known := byName[f.At.Name]; f.At.Name != "" && !known {
			if r.unread["faults"] {
				continue
			}
			r.add(f.Block.NoSuch("at", "fault", f.At.Name, faultNames(faults)))
			continue
		}
		var chain []string
		for name := f.Name; name != "" && !followed[name]; name = byName[name].At.Name {
			if i := slices.Index(chain, name); i >= 0 {
				ring := append(chain[i:], name)
				r.add(byName[name].Block.Errorf("at", "it would wait for itself: %s", strings.Join(ring, " waits for ")))
				break
			}
			chain = append(chain, name)
		}
		for _, name := range chain {
			followed[name] = true
		}
	}
}

func newSource(name string) *source {
	return &source{file: name, files: map[*yaml.Node]string{}, flags: map[*yaml.Node]string{}}
}

// comesLater tells whether the key at the path, or with a value that value of it, is not built yet.
func comesLater(p path, value string) bool {
	step := slices.Clone(p)
	if len(step) > 1 && singular[step[0]] != "" {
		step[1] = "*"
	}
	word := strings.Join(step, ".")
	if value != "" {
		word += "=" + value
	}
	return later[word]
}
