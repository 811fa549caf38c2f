package main

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"exitplan/internal/simulator"
	"exitplan/internal/tables"
)

// duck runs the queries of an export with DuckDB, as tools/duckdb does.
type duck struct {
	*testing.T
	tool, folder string
}

// newDuck exports a world into a directory. DuckDB is installed from npm, so
// the tests are asked for: see tools/duckdb/run.sh.
func newDuck(t *testing.T, w *world, flags ...string) duck {
	t.Helper()
	if os.Getenv("EXITPLAN_DUCKDB") != "1" {
		t.Skip("set EXITPLAN_DUCKDB=1 to run the export's queries with DuckDB (installs it from npm)")
	}
	for _, name := range []string{"node", "npm"} {
		if _, err := exec.LookPath(name); err != nil {
			t.Skipf("the check with DuckDB needs %s, which is not installed", name)
		}
	}
	tool, err := filepath.Abs("../../tools/duckdb")
	if err != nil {
		t.Fatal(err)
	}
	d := duck{t, tool, filepath.Join(w.dir, "export", "x")}
	d.run("npm", "ci", "--no-fund", "--no-audit")
	w.export(t, exitComplete, flags...)
	return d
}

func (d duck) run(name string, args ...string) string {
	d.Helper()
	cmd := exec.CommandContext(d.Context(), name, args...)
	cmd.Dir = d.tool
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		d.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, errs.String())
	}
	return out.String()
}

// rows are what queries yield after the export's own, or what that yields.
func (d duck) rows(queries ...string) (list []map[string]any) {
	d.Helper()
	for line := range strings.Lines(d.run("node", append([]string{"run.mjs", d.folder}, queries...)...)) {
		var row map[string]any
		if err := json.Unmarshal([]byte(line), &row); err != nil {
			d.Fatal(err)
		}
		list = append(list, row)
	}
	return list
}

// counts is what the export's queries count, by dataset.
func (d duck) counts() map[string]int {
	d.Helper()
	counts := map[string]int{}
	for _, row := range d.rows() {
		counts[row["dataset"].(string)] = int(row["count"].(float64))
	}
	return counts
}

// levels counts the records of each level of all conversations, as the
// organization has them.
func (w *world) levels(t *testing.T) map[string]int {
	t.Helper()
	n := map[string]int{}
	for c := range w.sim.Truth().Conversations() {
		var row struct {
			Participants []struct {
				Sessions []struct{ Segments []any }
			}
		}
		if err := json.Unmarshal(c.Row, &row); err != nil {
			t.Fatal(err)
		}
		n["conversations"]++
		for _, p := range row.Participants {
			n["participants"]++
			for _, s := range p.Sessions {
				n["sessions"]++
				n["segments"] += len(s.Segments)
			}
		}
	}
	return n
}

// packedLines are the lines of the packed files by the folders of datasets.
func packedLines(t *testing.T, w *world) map[string][]string {
	t.Helper()
	store, all := w.store(t), map[string][]string{}
	for file, err := range store.List(t.Context(), "bags/") {
		if err != nil {
			t.Fatal(err)
		}
		_, below, _ := strings.Cut(file.Path, "/data/")
		if !strings.HasSuffix(below, ".jsonl.gz") || strings.Contains(below, "/files/") {
			continue
		}
		folder, _, _ := strings.Cut(below, "/")
		for _, line := range unpack(t, slurp(t, store, file.Path)) {
			all[folder] = append(all[folder], string(line))
		}
	}
	return all
}

// aggregateValues counts the values of all stored aggregates.
func aggregateValues(t *testing.T, w *world) (n int) {
	t.Helper()
	for folder, lines := range packedLines(t, w) {
		for _, line := range lines {
			if tables.Family(folder) == "" {
				break
			}
			var result struct {
				Data []struct{ Metrics []any }
			}
			if err := json.Unmarshal([]byte(line), &result); err != nil {
				t.Fatal(err)
			}
			for _, d := range result.Data {
				n += len(d.Metrics)
			}
		}
	}
	return n
}

// same holds a table of the records against the one of Parquet.
func (d duck) same(table string) {
	d.Helper()
	// Columns of one value: JSON may be written in several ways.
	columns := d.rows(`SELECT string_agg('"' || column_name || '"', ', ') AS list FROM (DESCRIBE ` + table + `)
		WHERE column_type NOT IN ('JSON')`)[0]["list"].(string)
	row := d.rows(fmt.Sprintf(`SELECT (SELECT count(*) FROM (SELECT %[1]s FROM %[2]s EXCEPT ALL SELECT %[1]s FROM %[2]s_parquet)) AS lost,
		(SELECT count(*) FROM (SELECT %[1]s FROM %[2]s_parquet EXCEPT ALL SELECT %[1]s FROM %[2]s)) AS more`, columns, table))[0]
	if row["lost"] != 0. || row["more"] != 0. {
		d.Errorf("%s: Parquet lacks %v rows of the records, and has %v others", table, row["lost"], row["more"])
	}
}

// Every count of the export's queries is what the organization has, and the
// tables are the same from records and from Parquet.
func TestDuckDBCountsWhatTheOrganizationHas(t *testing.T) {
	w := newWorld(t, simulator.Config{Days: 3, ConversationsPerDay: 60, SeveralResultsShare: 0.2})
	w.set(t, "source.datasets", "[all]")
	d := newDuck(t, w, "--parquet")
	want := map[string]int{}
	for name, n := range w.levels(t) {
		want[tables.ParquetFolder+"/"+name] = n
		if name == "conversations" {
			want[tables.Details] = n
			continue
		}
		want[tables.Details+"/"+name] = n
	}
	for range w.sim.Truth().Recordings() {
		want["recordings"]++
	}
	w.listed(t) // so that what the other files hold is what the organization has
	for name, lines := range packedLines(t, w) {
		if n := len(lines); name != tables.Details {
			want[name] = n
		}
	}
	if n := aggregateValues(t, w); n > 0 {
		want[tables.Aggregates], want[tables.AggregatesFolder] = n, n
	}
	got := d.counts()
	for name, n := range want {
		if got[name] != n {
			t.Errorf("%s: DuckDB counts %d, the organization has %d", name, got[name], n)
		}
		delete(got, name)
	}
	for name, n := range got {
		t.Errorf("%s: DuckDB counts %d of what nobody has", name, n)
	}
	t.Logf("%d counts compared", len(want))
	for _, table := range []string{"conversations", "participants", "sessions", "segments"} {
		d.same(table)
	}
	row := d.rows(`SELECT count(*) AS n, count(conversationStart) AS joined, count(id) AS children
		FROM recordings, (SELECT count(*) AS id FROM routing_queues_members WHERE len(parent) = 1 AND id IS NOT NULL)`)[0]
	if row["n"] != float64(want["recordings"]) || row["joined"] != row["n"] || row["children"] == 0. {
		t.Errorf("recordings and the conversations they belong to: %v", row)
	}
}

// Of a conversation that is there twice the newest row counts, at every level;
// a line that DuckDB refuses, or that holds a name twice, costs no other.
func TestDuckDBReadsOddLinesAndTheNewestRow(t *testing.T) {
	w := newWorld(t, simulator.Config{Days: 1, ConversationsPerDay: 5})
	d := newDuck(t, w)
	var id string
	for c := range w.sim.Truth().Conversations() {
		id = c.ID
	}
	before := d.counts()
	day := filepath.Join(d.folder, "bags", "analytics-2026-03", "data", tables.Details, "year=2026", "month=03", "day=01")
	var packed bytes.Buffer
	zip := gzip.NewWriter(&packed)
	for _, line := range []string{
		`{"conversationId":"` + id + `","externalTag":"newer","mediaStatsMinConversationMos":"no number","conversationStart":5,"participants":[{"participantId":"p","sessions":{}},null]}`,
		`{"conversationId":"half","externalTag":"\ud83d","participants":[]}`,
		"{\"conversationId\":\"bad\",\"externalTag\":\"\xff\xfe\",\"participants\":[]}",
		`{"conversationId":"twice","conversationId":"again","participants":7}`,
	} {
		if _, err := zip.Write([]byte(line + "\n")); err != nil {
			t.Fatal(err)
		}
	}
	if err := zip.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(day, "sweep-00000.jsonl.gz"), packed.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	after := d.counts()
	if n := after[tables.Details] - before[tables.Details]; n != 3 {
		t.Errorf("%d conversations more, want the three odd ones", n)
	}
	rows := d.rows(`SELECT * FROM conversations WHERE conversationId = '` + id + `'`)
	if len(rows) != 1 || rows[0]["externalTag"] != "newer" || rows[0]["mediaStatsMinConversationMos"] != nil {
		t.Errorf("the newest row: %v", rows)
	}
	rows = d.rows(`SELECT participantId FROM participants WHERE conversationId = '` + id + `' ORDER BY participantId`)
	if len(rows) != 2 || rows[0]["participantId"] != "p" || rows[1]["participantId"] != nil {
		t.Errorf("participants of the newest row: %v", rows)
	}
	if rows = d.rows(`SELECT count(*) AS n FROM conversations WHERE json IS NULL`); rows[0]["n"] != 2. {
		t.Errorf("lines that cannot be read: %v", rows)
	}
}

// The values of aggregates stand in one table of all families, from records and
// from Parquet alike; what of a result is odd costs no other value.
func TestDuckDBFlattensAggregates(t *testing.T) {
	answer := func(results string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			var q struct{ Interval string }
			_ = json.NewDecoder(r.Body).Decode(&q)
			day := q.Interval[:len("2026-03-01")]
			fmt.Fprintf(w, `{"results":[%s]}`, strings.ReplaceAll(results, "DAY", day))
		}
	}
	const query = "/aggregates/query"
	w := newWorld(t, simulator.Config{Days: 2, Middleware: instead(map[string]http.HandlerFunc{
		"POST /api/v2/analytics/conversations" + query: answer(`{"group":{"mediaType":"voice","queueId":"q1"},"data":[
			{"interval":"DAYT05:00:00.000Z/DAYT05:30:00.000Z","metrics":[{"metric":"nOffered","stats":{"count":3}},
				{"metric":"oServiceLevel","stats":{"ratio":0.5,"numerator":1,"denominator":2,"target":0.8}}]},
			{"interval":"DAYT05:30:00.000Z/DAYT06:00:00.000Z","metrics":[{"metric":"tTalk","stats":{"count":2,"sum":61000.5,"min":1000,"max":60000.5}}]}]},
			{"group":{"mediaType":"voice","queueId":"q2"},"data":[
			{"interval":"DAYT05:00:00.000Z/DAYT05:30:00.000Z","metrics":[{"metric":"nOffered","stats":{"count":4}}]}]}`),
		"POST /api/v2/analytics/users" + query: answer(`{"group":{"userId":"u1"},"data":[
			{"interval":"DAYT05:00:00.000Z/DAYT05:30:00.000Z","metrics":[{"metric":"tSystemPresence","qualifier":"AWAY","stats":{"sum":1800000}}]}]},
			{"group":"odd","data":[7,{"metrics":"none"},{"interval":5,"metrics":[null,{"metric":"m","stats":8}]}]},
			{"group":{"userId":null},"data":{}},{}`),
	})})
	w.set(t, "source.datasets", "[analytics.conversations.aggregates, analytics.users.aggregates]")
	d := newDuck(t, w, "--parquet")
	counts := d.counts()
	if n := 2 * 7; counts[tables.Aggregates] != n || counts[tables.AggregatesFolder] != n {
		t.Errorf("counted %v, want %d values", counts, n)
	}
	d.same("aggregates")
	for _, view := range []string{"aggregates", "aggregates_parquet"} {
		row := d.rows(`SELECT sum("count") AS n, count(DISTINCT queueId) AS queues, strftime(min(intervalStart), '%xT%X') AS first, strftime(max(intervalEnd), '%xT%X') AS last
			FROM ` + view + ` WHERE family = 'conversations' AND mediaType = 'voice' AND metric = 'nOffered'`)[0]
		if fmt.Sprint(row) != "map[first:2026-03-01T05:00:00 last:2026-03-02T05:30:00 n:14 queues:2]" {
			t.Errorf("%s: %v", view, row)
		}
		row = d.rows(`SELECT sum("sum") AS ms, count(*) AS n, count(qualifier) AS named FROM ` + view + ` WHERE family = 'users'`)[0]
		if row["ms"] != 3600000. || row["n"] != 6. || row["named"] != 2. {
			t.Errorf("%s: %v", view, row)
		}
	}
}
