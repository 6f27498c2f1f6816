package scenario

import (
	"math"
	"reflect"
	"slices"
	"strconv"
	"time"

	"gopkg.in/yaml.v3"
)

// Ramp are settings of a fault's kind, by what they are the last time that it comes. Which there are Into says, which
// knows the kind.
type Ramp struct {
	Block Block `yaml:",open"`
}

// Said tells whether the fault has a ramp.
func (r Ramp) Said() bool { return r.Block.node != nil }

var rampType = reflect.TypeFor[Ramp]()

// rise is one time of a fault that is ramped.
type rise struct {
	to    Block // its settings the last time
	time  int   // from 0
	times int   // two at least
}

// ramps tells whether a setting of the type can be ramped: durations, whole numbers and odds can.
func ramps(t reflect.Type) bool {
	return !readsText(t) && (t == durationType || reflect.Zero(t).CanInt() || reflect.Zero(t).CanUint() ||
		reflect.Zero(t).CanFloat())
}

// rampable are the settings of a shape that can be.
func (s *shape) rampable() []string {
	var keys []string
	for _, f := range s.fields {
		if ramps(f.typ) {
			keys = append(keys, f.key)
		}
	}
	return keys
}

// ramp sets what rises from one time to the next to what it is this time; v is what the entry says.
func (r *reader) ramp(b Block, v reflect.Value) {
	to, can := b.rise.to, shapeOf(v.Type())
	if len(to.node.Content) == 0 {
		r.fail(to.node, "%s must not be empty: give it a setting of the fault, and what it is the last time",
			to.path.subject())
	}
	for key, value := range pairs(to.node) {
		if key.Kind != yaml.ScalarNode || glued(key, value) { // which was told already
			continue
		}
		i := slices.IndexFunc(can.fields, func(f field) bool { return f.key == key.Value })
		switch rampable := can.rampable(); {
		case len(rampable) == 0:
			r.fail(key, "nothing of this kind of fault can rise from one time to the next")
		case i < 0:
			r.fail(key, "unknown key %s in ramp%s", quote(key.Value), hint(key.Value, rampable))
		case !ramps(can.fields[i].typ):
			r.fail(key, "%s is neither a number nor a duration, and can't rise from one time to the next; what can is %s",
				quote(key.Value), either(rampable))
		default:
			r.rises(b, value, v.FieldByIndex(can.fields[i].index), can.fields[i])
		}
	}
}

// rises sets one setting, which is what it is the first time.
func (r *reader) rises(b Block, n *yaml.Node, v reflect.Value, f field) {
	last, at, known := reflect.New(v.Type()).Elem(), b.rise.to.path.to(f.key), len(r.errs)
	r.value(n, last, f, at)
	steps := b.rise.times - 1
	switch {
	case len(r.errs) > known:
	case v.IsZero() && !b.Has(f.key) && !slices.Contains([]string{"", "0", "0s"}, f.min): // which stands for no limit
		r.fail(n, "%s rises from what it is the first time: give the fault a %s of its own", at.subject(), f.key)
	case v.Equal(last):
		r.fail(n, "%s is the same the first time, so that it never changes", at.subject())
	case v.Kind() != reflect.Float64 && math.Abs(apart(v, last)) < float64(steps):
		r.fail(n, "%s is too near to what it is the first time for %d times that differ", at.subject(), steps+1)
	case b.rise.time == steps:
		v.Set(last)
	case b.rise.time > 0:
		set(v, apart(v, last)/float64(steps), b.rise.time)
	}
}

// apart is how much more the last is than the first.
func apart(first, last reflect.Value) float64 { return number(last) - number(first) }

func number(v reflect.Value) float64 {
	switch {
	case v.CanInt():
		return float64(v.Int())
	case v.CanUint():
		return float64(v.Uint())
	}
	return v.Float()
}

// set adds so many steps to the first, rounded as people would: durations to milliseconds where a step is ten or more,
// fractions to six digits.
func set(v reflect.Value, step float64, steps int) {
	sum := number(v) + step*float64(steps)
	switch {
	case v.Type() == durationType && math.Abs(step) >= 10*float64(time.Millisecond):
		v.SetInt(int64(time.Duration(sum).Round(time.Millisecond)))
	case v.CanInt():
		v.SetInt(int64(math.Round(sum)))
	case v.CanUint():
		v.SetUint(uint64(math.Round(sum)))
	default:
		short, err := strconv.ParseFloat(strconv.FormatFloat(sum, 'g', 6, 64), 64)
		if err != nil {
			short = sum
		}
		v.SetFloat(short)
	}
}
