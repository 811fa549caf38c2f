package tables

import (
	"cmp"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Export is what the queries are made from: what lies in an export, and where.
type Export struct {
	URL      string    // of its root, as s3://bucket/prefix/id
	From, To time.Time // of what is exported by day
	Stored   []Stored
	// About says in words what a dataset is.
	About func(dataset string) string
}

// Stored is a folder right below a bag's payload.
type Stored struct {
	Bag    string // its path from the root, as bags/analytics-2026-03
	Folder string // the name of the dataset, or that of its Parquet
	First  string // the first file in it that Suffix is about, by its path below the folder
}

// The datasets that are more than lines, by the names of their folders.
const (
	Details    = "analytics.conversations.details"
	Recordings = "recordings"
	// ParquetFolder holds the same rows as Details, as tables.
	ParquetFolder = Details + ".parquet"
)

const (
	packedSuffix  = ".jsonl.gz"
	sidecarSuffix = "_metadata.json" // of the files that hold a recording's metadata
	parquetSuffix = ".parquet"
)

// Suffix ends the names of a folder's files that are tables.
func Suffix(folder string) string {
	switch folder {
	case Recordings:
		return sidecarSuffix
	case ParquetFolder, AggregatesFolder:
		return parquetSuffix
	}
	return packedSuffix
}

// place is where the files of one dataset lie, in however many bags.
type place struct {
	Dataset string
	About   string
	Files   string   // matches their names
	group   string   // of the bags
	period  []string // the partitions that a bag's name tells, outermost first
	keys    []string // those that the paths below the dataset's folder tell
}

// places merges what is stored in several bags, by dataset.
func (e Export) places() []place {
	var list []place
	for _, s := range e.Stored {
		if slices.ContainsFunc(list, func(p place) bool { return p.Dataset == s.Folder }) {
			continue
		}
		p := place{Dataset: s.Folder, Files: "*" + Suffix(s.Folder), keys: partitions(s.First)}
		if p.listed() { // there may be files beside the lines, under any name
			p.Files = "part-" + p.Files
		}
		if e.About != nil {
			p.About = e.About(s.Folder)
		}
		p.group, p.period = cutPeriod(path.Base(s.Bag))
		list = append(list, p)
	}
	slices.SortFunc(list, func(a, b place) int { return cmp.Compare(a.Dataset, b.Dataset) })
	return list
}

var periods = regexp.MustCompile(`^(.+?)-\d{4}-\d{2}(-\d{2}(T\d{2})?)?$`)

// cutPeriod cuts a bag's name into its group and what tells its period.
func cutPeriod(bag string) (group string, keys []string) {
	m := periods.FindStringSubmatch(bag)
	switch {
	case m == nil:
		return bag, nil
	case m[3] != "":
		return m[1], []string{"year", "month", "day", "hour"}
	case m[2] != "":
		return m[1], []string{"year", "month", "day"}
	}
	return m[1], []string{"year", "month"}
}

// partitions are the keys of the folders of a path that are named key=value,
// as far as they are times.
func partitions(at string) (keys []string) {
	for folder := range strings.SplitSeq(path.Dir(at), "/") {
		if key, _, ok := strings.Cut(folder, "="); ok && slices.Contains([]string{"year", "month", "day", "hour"}, key) {
			keys = append(keys, key)
		}
	}
	return keys
}

// Glob matches the files, relative to the export's root. It names the bags as
// closely as it can: over S3 a pattern costs a listing of all that begins with
// what stands before its first star.
func (p place) Glob() string { return p.In("") }

// In is Glob for one table of several.
func (p place) In(table string) string {
	bag := "bags/" + p.group
	if p.period != nil {
		bag += "-*"
	}
	return path.Join(bag, "data", p.Dataset, table, "**", p.Files)
}

// Ident is the dataset's name in SQL.
func (p place) Ident() string { return strings.ToLower(strings.ReplaceAll(p.Dataset, ".", "_")) }

// find is the place of a dataset; nil for none.
func find(list []place, name string) *place {
	for i := range list {
		if list[i].Dataset == name {
			return &list[i]
		}
	}
	return nil
}

// Suffix ends the names of the dataset's files that are tables.
func (p place) Suffix() string { return Suffix(p.Dataset) }

// Family is that of aggregates.
func (p place) Family() string { return Family(p.Dataset) }

// families are the datasets of aggregates.
func families(list []place) []place {
	return slices.DeleteFunc(slices.Clone(list), func(p place) bool { return p.Family() == "" })
}

// listed: nothing is known of the dataset but that it is lines.
func (p place) listed() bool { return p.Dataset != Details && p.Suffix() == packedSuffix }

func listed(list []place) []place {
	return slices.DeleteFunc(slices.Clone(list), func(p place) bool { return !p.listed() })
}
