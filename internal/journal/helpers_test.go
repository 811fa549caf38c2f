package journal

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"iter"
	"strings"
	"testing"
	"time"

	"exitplan/exporter"
)

func options() Options { return Options{Now: time.Now, Command: "exitplan export"} }

func openTest(t testing.TB, dir string) *Journal {
	t.Helper()
	j, err := Open(t.Context(), dir, options())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { j.Close() })
	return j
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// all collects a stream.
func all[T any](t testing.TB, seq iter.Seq2[T, error]) []T {
	t.Helper()
	var list []T
	for v, err := range seq {
		must(t, err)
		list = append(list, v)
	}
	return list
}

func unit(key string) exporter.Unit {
	return exporter.Unit{Dataset: "recordings", Key: key}
}

// artifact makes a recording's artifact whose bytes are content.
func artifact(name, item, content string) exporter.Artifact {
	sum := sha256.Sum256([]byte(content))
	return exporter.Artifact{
		Dataset: "recordings", Path: "bags/recordings-2026-03/data/" + name,
		Bytes: int64(len(content)), SHA256: hex.EncodeToString(sum[:]), Item: item, Records: 1,
	}
}

func tally(t testing.TB, j *Journal) Tally {
	t.Helper()
	got, err := j.Tally(context.Background())
	must(t, err)
	return got
}

// checkCounters compares the counters that are kept with a full count.
func checkCounters(t testing.TB, j *Journal) {
	t.Helper()
	for what, question := range map[string]string{
		"units":     `SELECT d.name FROM dataset d WHERE (pending, running, done, failed, asleep) IS NOT (SELECT count(*) FILTER (WHERE state=0), count(*) FILTER (WHERE state=1), count(*) FILTER (WHERE state=2), count(*) FILTER (WHERE state=3), count(*) FILTER (WHERE state=4) FROM unit u WHERE u.dataset = d.id)`,
		"artifacts": `SELECT d.name FROM dataset d WHERE (artifacts, records, bytes) IS NOT (SELECT count(*), coalesce(sum(records),0), coalesce(sum(bytes),0) FROM artifact a WHERE a.dataset = d.id)`,
		"items":     `SELECT d.name FROM dataset d WHERE (expected, met) IS NOT (SELECT coalesce(sum(expected),0), coalesce(sum(min(got, expected)),0) FROM item i WHERE i.dataset = d.id)`,
		"got":       `SELECT i.name FROM item i LEFT JOIN (SELECT item, sum(records) AS n FROM artifact GROUP BY item) a ON a.item = i.id WHERE i.got <> coalesce(a.n, 0)`,
		"bags":      `SELECT b.name FROM bag b WHERE (files, bytes) IS NOT (SELECT count(*), coalesce(sum(bytes),0) FROM artifact a WHERE a.bag = b.id)`,
	} {
		for name, err := range query(context.Background(), j, question, nil, scanName) {
			t.Errorf("counters of %s are wrong for %q (%v)", what, name, err)
		}
	}
}

// count reads one number.
func count(t testing.TB, j *Journal, question string) int {
	t.Helper()
	var n int
	must(t, j.readers.QueryRow(question).Scan(&n))
	return n
}

func contains(err error, part string) bool {
	return err != nil && strings.Contains(err.Error(), part)
}

func scanName(scan func(...any) error) (string, error) {
	var s string
	err := scan(&s)
	return s, err
}
