package dataset

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"
	"sync"
	"time"

	"exitplan/exporter"
)

// declared are the rows of all tables, parents before their children.
var declared = sync.OnceValue(func() []listing {
	list := slices.Concat(settings, outside, worked, filed, contents)
	for _, a := range aggregates {
		list = append(list, a.listing())
	}
	return list
})

var classes = sync.OnceValue(func() map[string]string {
	m := map[string]string{}
	for _, row := range declared() {
		m[row.name] = row.classOf()
	}
	return m
})

// Settings are what the datasets need to know to run.
type Settings struct {
	API      Clients
	Layout   exporter.Layout
	Metadata string // of recordings: MetadataFull or MetadataDerived
	// Sensitive says whether the clients see sensitive recordings as they are.
	Sensitive Sensitive
	// Jobs are for recordings.method bulk; nil for pull.
	Jobs *RecordingJobs
	// Restore has archived recordings restored, each asked for again after
	// RestorePause (default 10 minutes, doubled each time).
	Restore      bool
	RestorePause time.Duration
	// Granularity is the ISO 8601 period by which aggregates are asked for;
	// empty: half an hour.
	Granularity string
	// Counted are the conversations of days for which the platform was asked
	// already.
	Counted map[time.Time]int64
	// Sampled: the days are those of a [Sample].
	Sampled bool
}

// Catalogue describes every dataset, and what no export can have.
func Catalogue() []exporter.Info {
	list := []exporter.Info{(&Details{}).Info(), (&Recordings{}).Info()}
	for _, row := range declared() {
		list = append(list, (&Listing{listing: row}).Info())
	}
	return append(list, notExported...)
}

// Exportable says whether a dataset of the catalogue can be exported at all.
func Exportable(info exporter.Info) bool {
	return info.Class != exporter.Excluded && info.Class != exporter.NotHad
}

// ClassOf is the class of a dataset; empty for a name that is in no catalogue.
func ClassOf(name string) string {
	switch {
	case name == DetailsName:
		return exporter.Metrics
	case name == RecordingsName:
		return exporter.Recordings
	}
	if class, ok := classes()[name]; ok {
		return class
	}
	for _, info := range notExported {
		if info.Name == name {
			return info.Class
		}
	}
	return ""
}

// Family is what a dataset is shown with where one line each would hide what
// matters: conversation details and recordings alone, the declared ones by class.
func Family(name string) string {
	class := ClassOf(name)
	if name == DetailsName || name == RecordingsName || class == "" {
		return name
	}
	return Families[class]
}

// Families are the names of families of declared datasets, by class.
var Families = map[string]string{
	exporter.Configuration: "configuration", exporter.Metrics: "other metrics", exporter.Recordings: "other recordings",
}

// New makes the datasets of those names.
func New(names []string, s Settings) []exporter.Dataset {
	details := &Details{API: s.API, Layout: s.Layout, Counted: s.Counted, alone: !slices.Contains(names, DetailsName)}
	var list []exporter.Dataset
	if slices.Contains(names, DetailsName) {
		list = append(list, details)
	}
	if slices.Contains(names, RecordingsName) {
		details.Recordings = &Recordings{
			API: s.API, Layout: s.Layout, Metadata: s.Metadata, Details: details,
			Sensitive: s.Sensitive, Jobs: s.Jobs, Restore: s.Restore, RestorePause: s.RestorePause, Sampled: s.Sampled,
		}
		list = append(list, details.Recordings)
	}
	made, ranks := map[string]*Listing{}, priorities()
	for _, row := range declared() {
		if !slices.Contains(names, row.name) {
			continue
		}
		row.body = strings.ReplaceAll(row.body, granularityPlace, cmp.Or(s.Granularity, "PT30M"))
		d := &Listing{listing: row, API: s.API, Layout: s.Layout, Details: details, converter: &details.converter, rank: ranks[row.name]}
		if row.job != nil && row.job.state == "" && row.job.fresh == "" {
			d.pace.patience = filesPatience
		}
		made[row.name] = d
		switch {
		case row.among != nil:
			details.Contents = append(details.Contents, d)
		case row.parent != "":
			made[row.parent].children = append(made[row.parent].children, d)
		}
		list = append(list, d)
	}
	return list
}

// Select resolves a selection of names, globs and classes, in which a leading
// "-" excludes and "all" stands for everything. A term that matches nothing is
// an error that lists what there is.
func Select(terms []string) ([]string, error) {
	chosen := map[string]bool{}
	var names []string
	catalogue := slices.DeleteFunc(Catalogue(), func(info exporter.Info) bool { return !Exportable(info) })
	for _, info := range catalogue {
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
		for _, info := range catalogue {
			ok, err := path.Match(pattern, info.Name)
			if err != nil {
				return nil, fmt.Errorf("dataset pattern %q: %w", pattern, err)
			}
			if ok || pattern == "all" || pattern == info.Class {
				matched, chosen[info.Name] = true, !exclude
			}
		}
		if !matched {
			return nil, noMatch(pattern, names)
		}
	}
	// What is to be reconciled needs what it is reconciled with.
	if chosen[RecordingsName] {
		chosen[RetentionName] = true
	}
	// A listing for each record of another needs that one.
	rows := declared()
	for _, row := range slices.Backward(rows) {
		if row.parent != "" && row.among == nil && chosen[row.name] {
			chosen[row.parent] = true
		}
	}
	names = slices.DeleteFunc(names, func(name string) bool { return !chosen[name] })
	if len(names) == 0 {
		return nil, fmt.Errorf("the selection %v leaves no dataset", terms)
	}
	return names, nil
}

// noMatch says what there is: the nearest names, or why a name is known and
// cannot be had.
func noMatch(pattern string, names []string) error {
	for _, info := range notExported {
		if info.Name == pattern {
			return fmt.Errorf("%s cannot be exported: %s", pattern, info.Description)
		}
	}
	const most = 8
	area, _, _ := strings.Cut(pattern, ".")
	var near []string
	for _, alike := range []func(string) bool{
		func(name string) bool { return strings.Contains(name, pattern) || strings.Contains(pattern, name) },
		func(name string) bool { return strings.HasPrefix(name, area) },
	} {
		for _, name := range names {
			if len(near) < most && alike(name) && !slices.Contains(near, name) {
				near = append(near, name)
			}
		}
		if len(near) > 0 {
			return fmt.Errorf("no dataset matches %q; near it are %s", pattern, strings.Join(near, ", "))
		}
	}
	return fmt.Errorf("no dataset matches %q; 'exitplan datasets' lists them, and metrics, recordings and configuration stand for whole classes", pattern)
}
