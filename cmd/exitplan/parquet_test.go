package main

import (
	"strings"
	"testing"

	"exitplan/internal/simulator"
	"exitplan/internal/tables"
)

// parquetDays counts the files of Parquet by day.
func parquetDays(t *testing.T, w *world) map[string]int {
	t.Helper()
	days := map[string]int{}
	for file, err := range w.store(t).List(t.Context(), "bags/") {
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(file.Path, ".parquet") {
			_, day, _ := strings.Cut(file.Path, "/day=")
			days[day[:2]]++
		}
	}
	return days
}

// The first run chooses Parquet for all that follow; an export that has stored
// something never has it for some of its days alone.
func TestParquetIsChosenOnce(t *testing.T) {
	w := newWorld(t, simulator.Config{Days: 2, ConversationsPerDay: 20})
	end := w.values["source.interval.to"]
	w.set(t, "source.interval.to", w.values["source.interval.from"])
	w.export(t, exitComplete, "--parquet")
	w.set(t, "source.interval.to", end)
	w.export(t, exitComplete, "--amend")
	if days := parquetDays(t, w); len(days) != 2 || days["01"] != 4 || days["02"] != 4 {
		t.Errorf("files of Parquet by day: %v, want one of each table", days)
	}
	if code, stdout, _ := exitplan(t, w.args("verify", w.root())...); code != exitComplete {
		t.Errorf("verify: %d\n%s", code, stdout)
	}
	if script := string(slurp(t, w.store(t), "root/data/queries.sql")); !strings.Contains(script, tables.ParquetFolder+"/segments/") {
		t.Error("queries.sql does not know of Parquet")
	}
	if stderr := w.export(t, exitUsage, "--parquet=false", "--amend"); !strings.Contains(stderr, "parquet") {
		t.Errorf("why it cannot be changed is not said:\n%s", stderr)
	}

	plain := w.fork(t)
	plain.export(t, exitComplete)
	if days := parquetDays(t, plain); len(days) > 0 {
		t.Errorf("Parquet that nobody asked for: %v", days)
	}
	plain.export(t, exitUsage, "--parquet")
	plain.export(t, exitUsage, "--parquet", "--amend")
	plain.export(t, exitComplete)
}
