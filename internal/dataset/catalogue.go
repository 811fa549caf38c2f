package dataset

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"exitplan/exporter"
)

// Settings are what the datasets need to know to run.
type Settings struct {
	API      Clients
	Layout   exporter.Layout
	Metadata string // of recordings: MetadataFull or MetadataDerived
}

// Catalogue describes every dataset.
func Catalogue() []exporter.Info {
	return []exporter.Info{(&Details{}).Info(), (&Recordings{}).Info()}
}

// ClassOf is the class of a dataset; empty for a name that is in no catalogue.
func ClassOf(name string) string {
	for _, info := range Catalogue() {
		if info.Name == name {
			return info.Class
		}
	}
	return ""
}

// New makes the datasets of those names.
func New(names []string, s Settings) []exporter.Dataset {
	details := &Details{API: s.API, Layout: s.Layout}
	var list []exporter.Dataset
	if slices.Contains(names, DetailsName) {
		list = append(list, details)
	}
	if slices.Contains(names, RecordingsName) {
		details.Recordings = &Recordings{API: s.API, Layout: s.Layout, Metadata: s.Metadata, Details: details}
		list = append(list, details.Recordings)
	}
	return list
}

// Select resolves a selection of names, globs and classes, in which a leading
// "-" excludes and "all" stands for everything. A term that matches nothing is
// an error that lists what there is.
func Select(terms []string) ([]string, error) {
	chosen := map[string]bool{}
	var names []string
	for _, info := range Catalogue() {
		names = append(names, info.Name)
	}
	for i, term := range terms {
		pattern, exclude := strings.CutPrefix(term, "-")
		if i == 0 && exclude { // only exclusions: from all
			for _, name := range names {
				chosen[name] = true
			}
		}
		matched := false
		for _, info := range Catalogue() {
			ok, err := path.Match(pattern, info.Name)
			if err != nil {
				return nil, fmt.Errorf("dataset pattern %q: %w", pattern, err)
			}
			if ok || pattern == "all" || pattern == info.Class {
				matched, chosen[info.Name] = true, !exclude
			}
		}
		if !matched {
			return nil, fmt.Errorf("no dataset matches %q; there are %s, and the classes metrics and recordings",
				pattern, strings.Join(names, ", "))
		}
	}
	names = slices.DeleteFunc(names, func(name string) bool { return !chosen[name] })
	if len(names) == 0 {
		return nil, fmt.Errorf("the selection %v leaves no dataset", terms)
	}
	return names, nil
}
