package config

import (
	"reflect"
	"slices"
	"strings"
)

// key is one place in the document that can be set: a value, a list, or an
// object with keys of its own.
type key struct {
	path  string // dotted, such as source.interval.from
	depth int
	value reflect.Value // where it is set
	def   reflect.Value // its default
}

// env is the name of the variable that sets the key.
func (k key) env() string {
	return envPrefix + strings.ToUpper(strings.ReplaceAll(k.path, ".", "_"))
}

const envPrefix = "EXITPLAN_"

// keysOf lists every key of a document, an object before its members.
func keysOf(doc, def *document) []key {
	var keys []key
	var walk func(prefix string, depth int, v, d reflect.Value)
	walk = func(prefix string, depth int, v, d reflect.Value) {
		for i := range v.NumField() {
			k := key{join(prefix, tagOf(v.Type().Field(i))), depth, v.Field(i), d.Field(i)}
			keys = append(keys, k)
			if k.value.Kind() == reflect.Struct {
				walk(k.path, depth+1, k.value, k.def)
			}
		}
	}
	walk("", 0, reflect.ValueOf(doc).Elem(), reflect.ValueOf(def).Elem())
	slices.SortStableFunc(keys, func(a, b key) int { return a.depth - b.depth })
	return keys
}

func tagOf(f reflect.StructField) string {
	name, _, _ := strings.Cut(f.Tag.Get("yaml"), ",")
	return name
}

func join(prefix, name string) string {
	if prefix == "" {
		return name
	}
	return prefix + "." + name
}

// nearest finds the name that a misspelt one was probably meant to be, or "".
func nearest(name string, valid []string) string {
	return nearestWithin(name, valid, max(2, len(name)/3))
}

// nearestWithin is as nearest, for at most so many edits.
func nearestWithin(name string, valid []string, edits int) string {
	if len(name) > 200 {
		return ""
	}
	best, bound := "", edits+1
	for _, v := range valid {
		if d := distance(strings.ToLower(name), strings.ToLower(v)); d < bound {
			best, bound = v, d
		}
	}
	return best
}

// distance counts the edits between two names: a byte inserted, dropped or
// replaced, or two neighbours swapped (optimal string alignment).
func distance(a, b string) int {
	before, row, next := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		next[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			next[j] = min(row[j]+1, next[j-1]+1, row[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				next[j] = min(next[j], before[j-2]+1)
			}
		}
		before, row, next = row, next, before
	}
	return row[len(b)]
}
