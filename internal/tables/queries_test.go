package tables

import (
	"bytes"
	"io"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

func export(stored ...Stored) Export {
	return Export{
		URL:  "s3://acme/it's/org",
		From: time.Date(2024, 11, 5, 0, 0, 0, 0, time.UTC), To: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC),
		Stored: stored, About: func(string) string { return "About it" },
	}
}

func written(t *testing.T, write func(io.Writer) error) string {
	t.Helper()
	var b bytes.Buffer
	if err := write(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// created are the names that a script makes.
func created(script string) (list []string) {
	for _, m := range regexp.MustCompile("(?m)^CREATE .*(?:TABLE IF NOT EXISTS|VIEW) [`\"]?(\\w+)").FindAllStringSubmatch(script, -1) {
		list = append(list, m[1])
	}
	return list
}

// A dataset of which nothing is stored in lines is in no query: DuckDB refuses
// a pattern that matches no file, and with it all that follows.
func TestQueriesNameWhatIsThereAndNothingElse(t *testing.T) {
	day := "year=2026/month=03/day=04/"
	lines := Stored{Bag: "bags/configuration", Folder: "routing.queues", First: "part-all-00000.jsonl.gz"}
	for name, test := range map[string]struct {
		stored         []Stored
		duckdb, athena []string
	}{
		"nothing":   {nil, []string{"counts"}, nil},
		"a listing": {[]Stored{lines}, []string{"routing_queues", "counts"}, []string{"routing_queues_lines", "routing_queues"}},
		"details of two bags": {
			[]Stored{{Bag: "bags/analytics-2026-03", Folder: Details, First: day + "part-00000.jsonl.gz"},
				{Bag: "bags/analytics-2026-04", Folder: Details, First: "year=2026/month=04/day=01/part-00000.jsonl.gz"}},
			[]string{"conversations_json", "conversations", "participants_json", "participants", "sessions_json", "sessions", "segments_json", "segments", "counts"},
			[]string{"analytics_conversations_details", "conversations", "analytics_conversations_details_lines"},
		},
		"recordings": {
			[]Stored{{Bag: "bags/recordings-2026-03", Folder: Recordings, First: day + "hour=05/conversation_id=1/r_metadata.json"}},
			[]string{"recordings", "counts"}, []string{"recordings_files", "recordings"},
		},
		"aggregates": {
			[]Stored{{Bag: "bags/analytics-2026-03", Folder: "analytics.flows.aggregates", First: day + "part-2026-03-04-00000.jsonl.gz"},
				{Bag: "bags/analytics-2026-03", Folder: "analytics.users.aggregates", First: day + "part-2026-03-04-00000.jsonl.gz"},
				{Bag: "bags/analytics-2026-03", Folder: AggregatesFolder, First: "flows/" + day + "part-2026-03-04-00000.parquet"}},
			[]string{"analytics_flows_aggregates", "analytics_users_aggregates", "aggregates", "aggregates_parquet", "counts"},
			[]string{"analytics_flows_aggregates_lines", "analytics_flows_aggregates", "analytics_users_aggregates_lines", "analytics_users_aggregates",
				"aggregates", "aggregates_parquet"},
		},
		"parquet": {
			[]Stored{{Bag: "bags/analytics-2026-03", Folder: ParquetFolder, First: "conversations/" + day + "part-00000.parquet"}},
			[]string{"conversations_parquet", "participants_parquet", "sessions_parquet", "segments_parquet", "counts"},
			[]string{"conversations_parquet", "participants_parquet", "sessions_parquet", "segments_parquet"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			e := export(test.stored...)
			if got := created(written(t, e.DuckDB)); !slices.Equal(got, test.duckdb) {
				t.Errorf("DuckDB: %v, want %v", got, test.duckdb)
			}
			if got := created(written(t, e.Athena)); !slices.Equal(got, test.athena) {
				t.Errorf("Athena: %v, want %v", got, test.athena)
			}
		})
	}
}

// Where a table lies follows from the paths of its files and from the names of
// its bags, whatever the period of these.
func TestPlacesFollowThePaths(t *testing.T) {
	const root = `s3://acme/it\'s/org/bags/`
	for _, test := range []struct{ bag, first, glob, location, keys string }{
		{"configuration", "part-all-00000.jsonl.gz", "bags/configuration/data/d/**/part-*.jsonl.gz", root + "configuration/data/d/", ""},
		{"a-b-2026-03", "year=2026/month=03/day=04/part-0.jsonl.gz", "bags/a-b-*/data/d/**/part-*.jsonl.gz",
			root + "a-b-${year}-${month}/data/d/year=${year}/month=${month}/day=${day}/", "year month day"},
		{"a-2026-03-04", "year=2026/month=03/day=04/part-0.jsonl.gz", "bags/a-*/data/d/**/part-*.jsonl.gz",
			root + "a-${year}-${month}-${day}/data/d/year=${year}/month=${month}/day=${day}/", "year month day"},
		{"a-2026-03-04T05", "year=2026/month=03/day=04/part-0.jsonl.gz", "bags/a-*/data/d/**/part-*.jsonl.gz",
			root + "a-${year}-${month}-${day}T${hour}/data/d/year=${year}/month=${month}/day=${day}/", "year month day hour"},
		{"a-2026-03", "part-0.jsonl.gz", "bags/a-*/data/d/**/part-*.jsonl.gz", root + "a-${year}-${month}/data/d/", "year month"},
	} {
		e := export(Stored{Bag: "bags/" + test.bag, Folder: "d", First: test.first})
		if script := written(t, e.DuckDB); !strings.Contains(script, "FROM records('"+test.glob+"')") {
			t.Errorf("%s: DuckDB does not read %s", test.bag, test.glob)
		}
		script := written(t, e.Athena)
		if !strings.Contains(script, "'"+test.location+"'") && !strings.Contains(script, "'storage.location.template' = '"+test.location+"'") {
			t.Errorf("%s: Athena does not look at %s", test.bag, test.location)
		}
		var keys []string
		for _, m := range regexp.MustCompile("`(\\w+)` int").FindAllStringSubmatch(script, -1) {
			keys = append(keys, m[1])
		}
		if strings.Join(keys, " ") != test.keys {
			t.Errorf("%s: partitions %v, want %s", test.bag, keys, test.keys)
		}
		if test.keys != "" && !strings.Contains(script, "'projection.year.range' = '2024,2025'") {
			t.Errorf("%s: the years are not those of the export", test.bag)
		}
	}
}

// An export that lies in no bucket can be copied to one.
func TestAthenaSaysWhatToReplace(t *testing.T) {
	e := export(Stored{Bag: "bags/configuration", Folder: "routing.queues", First: "part-0.jsonl.gz"})
	if strings.Contains(written(t, e.Athena), "BUCKET") {
		t.Error("there is something to replace, although the bucket is known")
	}
	e.URL = "file:///somewhere/org"
	if script := written(t, e.Athena); !strings.Contains(script, "replace\n-- s3://BUCKET/PREFIX") ||
		!strings.Contains(script, "LOCATION 's3://BUCKET/PREFIX/bags/configuration/data/routing.queues/'") {
		t.Errorf("what to replace is not said:\n%s", script)
	}
}

// The families share a table: in Athena each is a partition of it, and stands
// in the path; no column is there twice.
func TestAthenaFindsEachFamily(t *testing.T) {
	day := "year=2026/month=03/day=04/"
	script := written(t, export(
		Stored{Bag: "bags/analytics-2026-03", Folder: "analytics.flows.aggregates", First: day + "part-0.jsonl.gz"},
		Stored{Bag: "bags/analytics-2026-03", Folder: "analytics.users.aggregates", First: day + "part-0.jsonl.gz"},
		Stored{Bag: "bags/analytics-2026-03", Folder: AggregatesFolder, First: "flows/" + day + "part-0.parquet"},
	).Athena)
	_, table, _ := strings.Cut(script, "EXISTS `aggregates_parquet` (")
	for _, part := range []string{
		"PARTITIONED BY (`family` string, `year` int, `month` int, `day` int)", "'projection.family.type' = 'enum'", "'projection.family.values' = 'flows,users'",
		"/data/analytics.aggregates.parquet/${family}/year=${year}/month=${month}/day=${day}/'",
	} {
		if !strings.Contains(table, part) {
			t.Errorf("%s is not in\n%s", part, table)
		}
	}
	seen := map[string]bool{}
	for _, m := range regexp.MustCompile("`(\\w+)` \\w").FindAllStringSubmatch(table, -1) {
		if seen[m[1]] {
			t.Errorf("column %s is there twice", m[1])
		}
		seen[m[1]] = true
	}
	if len(seen) != len(aggregate)+3 {
		t.Errorf("%d columns", len(seen))
	}
}
