package kms

import (
	"math"
	"net/netip"
	"strconv"
	"strings"
	"time"
)

// operator compares one value of a request with one of a policy (IAM User Guide, "Condition operators").
type operator struct {
	fits      func(value, wanted string) bool
	not       bool
	wildcards bool                     // whether * and ? count in what is wanted
	variables bool                     // whether policy variables count in what is wanted
	valid     func(wanted string) bool // nil: whatever is wanted can be compared
}

// operators are those known, by name in lower case; with any of the prefixes and the suffix that condition knows. Null
// is apart, and BinaryEquals is left out: nothing that is asked here is binary.
var operators = map[string]operator{
	"stringequals":              {fits: same, variables: true},
	"stringnotequals":           {fits: same, variables: true, not: true},
	"stringequalsignorecase":    {fits: strings.EqualFold, variables: true},
	"stringnotequalsignorecase": {fits: strings.EqualFold, variables: true, not: true},
	"stringlike":                {fits: like, variables: true, wildcards: true},
	"stringnotlike":             {fits: like, variables: true, wildcards: true, not: true},

	"arnequals":    {fits: likeARN, variables: true, wildcards: true, valid: isARN},
	"arnlike":      {fits: likeARN, variables: true, wildcards: true, valid: isARN},
	"arnnotequals": {fits: likeARN, variables: true, wildcards: true, valid: isARN, not: true},
	"arnnotlike":   {fits: likeARN, variables: true, wildcards: true, valid: isARN, not: true},

	"bool": {fits: strings.EqualFold, valid: isBool},

	"numericequals":            {fits: numbers(func(a, b float64) bool { return a == b }), valid: isNumber},
	"numericnotequals":         {fits: numbers(func(a, b float64) bool { return a == b }), valid: isNumber, not: true},
	"numericlessthan":          {fits: numbers(func(a, b float64) bool { return a < b }), valid: isNumber},
	"numericlessthanequals":    {fits: numbers(func(a, b float64) bool { return a <= b }), valid: isNumber},
	"numericgreaterthan":       {fits: numbers(func(a, b float64) bool { return a > b }), valid: isNumber},
	"numericgreaterthanequals": {fits: numbers(func(a, b float64) bool { return a >= b }), valid: isNumber},

	"dateequals":            {fits: dates(func(c int) bool { return c == 0 }), valid: isDate},
	"datenotequals":         {fits: dates(func(c int) bool { return c == 0 }), valid: isDate, not: true},
	"datelessthan":          {fits: dates(func(c int) bool { return c < 0 }), valid: isDate},
	"datelessthanequals":    {fits: dates(func(c int) bool { return c <= 0 }), valid: isDate},
	"dategreaterthan":       {fits: dates(func(c int) bool { return c > 0 }), valid: isDate},
	"dategreaterthanequals": {fits: dates(func(c int) bool { return c >= 0 }), valid: isDate},

	"ipaddress":    {fits: inNetwork, valid: isNetwork},
	"notipaddress": {fits: inNetwork, valid: isNetwork, not: true},
}

func same(value, wanted string) bool { return value == wanted }

func like(value, wanted string) bool { return wild(wanted, value) }

func likeARN(value, wanted string) bool { return wildARN(wanted, value) }

func isARN(wanted string) bool { return strings.Count(wanted, ":") >= arnParts-1 }

func isBool(wanted string) bool {
	return strings.EqualFold(wanted, "true") || strings.EqualFold(wanted, "false")
}

func isNumber(wanted string) bool {
	n, err := strconv.ParseFloat(wanted, 64)
	return err == nil && !math.IsNaN(n) && !math.IsInf(n, 0)
}

func numbers(compare func(a, b float64) bool) func(value, wanted string) bool {
	return func(value, wanted string) bool {
		a, err := strconv.ParseFloat(value, 64)
		b, err2 := strconv.ParseFloat(wanted, 64)
		return err == nil && err2 == nil && compare(a, b)
	}
}

func isDate(wanted string) bool {
	_, ok := date(wanted)
	return ok
}

// date reads a time of ISO 8601, or seconds since 1970.
func date(text string) (time.Time, bool) {
	if seconds, err := strconv.ParseInt(text, 10, 64); err == nil {
		return time.Unix(seconds, 0), true
	}
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04Z07:00", time.DateOnly} {
		if at, err := time.Parse(layout, text); err == nil {
			return at, true
		}
	}
	return time.Time{}, false
}

func dates(compare func(c int) bool) func(value, wanted string) bool {
	return func(value, wanted string) bool {
		a, ok := date(value)
		b, ok2 := date(wanted)
		return ok && ok2 && compare(a.Compare(b))
	}
}

func isNetwork(wanted string) bool {
	_, ok := network(wanted)
	return ok
}

// network reads an address, or a network in CIDR notation.
func network(text string) (netip.Prefix, bool) {
	if address, err := netip.ParseAddr(text); err == nil {
		return netip.PrefixFrom(address, address.BitLen()), true
	}
	prefix, err := netip.ParsePrefix(text)
	return prefix, err == nil
}

func inNetwork(value, wanted string) bool {
	address, err := netip.ParseAddr(value)
	prefix, ok := network(wanted)
	return err == nil && ok && prefix.Contains(address.Unmap())
}
