package journal

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"exitplan/exporter"
)

// holdLock is the child of TestLocked: it opens the journal and stays.
func holdLock(dir string) error {
	o := options()
	o.Host, o.Command = "exporter-1", "exitplan export --follow"
	if _, err := Open(context.Background(), dir, o); err != nil {
		return err
	}
	fmt.Println("open")
	select {}
}

func TestLocked(t *testing.T) {
	dir := t.TempDir()
	cmd, lines := child(t, "hold", dir)
	if !lines.Scan() {
		t.Fatal("the child did not open the journal")
	}
	_, err := Open(t.Context(), dir, options())
	if !errors.Is(err, ErrLocked) {
		t.Fatalf("second Open: %v, want ErrLocked", err)
	}
	for _, part := range []string{fmt.Sprintf("process %d on exporter-1", cmd.Process.Pid), "exitplan export --follow", dir, "since 20"} {
		if !contains(err, part) {
			t.Errorf("%q does not tell %q", err, part)
		}
	}
	// Status works beside it.
	j, err := Open(t.Context(), dir, Options{ReadOnly: true})
	must(t, err)
	tally(t, j)
	must(t, j.Close())

	must(t, cmd.Process.Kill())
	cmd.Wait()
	openTest(t, dir) // the lock went with its process
}

func TestLockedInOneProcess(t *testing.T) {
	dir := t.TempDir()
	j := openTest(t, dir)
	if _, err := Open(t.Context(), dir, options()); !errors.Is(err, ErrLocked) {
		t.Errorf("second Open: %v, want ErrLocked", err)
	}
	must(t, j.Close())
	must(t, j.Close()) // again is harmless
	must(t, openTest(t, dir).Close())
	if _, err := j.Next(t.Context(), nil); !errors.Is(err, ErrClosed) {
		t.Errorf("Next of a closed journal: %v", err)
	}
}

func TestFileModes(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "state")
	j := openTest(t, dir)
	must(t, j.Add(t.Context(), []exporter.Unit{unit("u")}))
	snapshot := filepath.Join(t.TempDir(), "copy.db")
	must(t, j.Snapshot(t.Context(), snapshot))
	for path, want := range map[string]fs.FileMode{
		dir: 0o700 | fs.ModeDir, filepath.Join(dir, "lock"): 0o600, filepath.Join(dir, file): 0o600,
		filepath.Join(dir, file+"-wal"): 0o600, filepath.Join(dir, file+"-shm"): 0o600, snapshot: 0o600,
	} {
		fi, err := os.Stat(path)
		must(t, err)
		if fi.Mode() != want {
			t.Errorf("mode of %s is %v, want %v", path, fi.Mode(), want)
		}
	}
	must(t, j.Close())
	if _, err := os.Stat(filepath.Join(dir, file+"-wal")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Close left a WAL behind: %v", err)
	}
}

// TestOddDirectory: names that mean something in a URI are only names.
func TestOddDirectory(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "50% of #1? mode=memory&x")
	j := openTest(t, dir)
	must(t, j.Add(t.Context(), []exporter.Unit{unit("u")}))
	must(t, j.Close())
	if fi, err := os.Stat(filepath.Join(dir, file)); err != nil || fi.Size() == 0 {
		t.Fatalf("the journal is not where it was asked for: %v", err)
	}
	if c := tally(t, openTest(t, dir)).Total; c.Pending != 1 {
		t.Errorf("reopened with %+v", c)
	}
}

// TestNotAJournal: whatever lies in the journal's place is refused in words
// that say so, and stays as it is.
func TestNotAJournal(t *testing.T) {
	good := t.TempDir()
	j := openTest(t, good)
	var units []exporter.Unit
	for i := range 2000 {
		units = append(units, unit(fmt.Sprint("unit/", i)))
	}
	must(t, j.Add(t.Context(), units))
	must(t, j.Close())
	journal, err := os.ReadFile(filepath.Join(good, file))
	must(t, err)

	foreign := filepath.Join(t.TempDir(), "other.db")
	runSQL(t, foreign, "CREATE TABLE t (x); INSERT INTO t VALUES (1)")
	database, err := os.ReadFile(foreign)
	must(t, err)

	newer := filepath.Join(t.TempDir(), "newer.db")
	must(t, os.WriteFile(newer, journal, 0o600))
	runSQL(t, newer, "PRAGMA user_version = 99")
	future, err := os.ReadFile(newer)
	must(t, err)

	for _, test := range []struct {
		name    string
		content []byte
		want    error
		says    string
	}{
		{"text", []byte(strings.Repeat("this is not a database\n", 100)), ErrCorrupt, "--resume-from-destination"},
		{"short text", []byte("hello"), ErrCorrupt, "--resume-from-destination"},
		{"first page overwritten", append(bytes.Repeat([]byte{0xff}, 4096), journal[4096:]...), ErrCorrupt, "--resume-from-destination"},
		{"database of another program", database, nil, "another program"},
		{"newer schema", future, ErrNewerSchema, "upgrade"},
	} {
		for _, readOnly := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/readonly=%v", test.name, readOnly), func(t *testing.T) {
				dir := t.TempDir()
				path := filepath.Join(dir, file)
				must(t, os.WriteFile(path, test.content, 0o600))
				o := options()
				o.ReadOnly = readOnly
				_, err := Open(t.Context(), dir, o)
				if err == nil || test.want != nil && !errors.Is(err, test.want) || !contains(err, test.says) || !contains(err, path) {
					t.Errorf("Open: %v, want %v that tells %q and the file", err, test.want, test.says)
				}
				if after, err := os.ReadFile(path); err != nil || !bytes.Equal(after, test.content) {
					t.Errorf("the file was changed (%v)", err)
				}
			})
		}
	}

	t.Run("damaged inside", func(t *testing.T) {
		dir := t.TempDir()
		broken := bytes.Clone(journal)
		for at := 4096; at+4096 <= len(broken); at += 4096 {
			copy(broken[at:], bytes.Repeat([]byte{0xa5}, 64))
		}
		must(t, os.WriteFile(filepath.Join(dir, file), broken, 0o600))
		j, err := Open(t.Context(), dir, options())
		if err == nil {
			defer j.Close()
			_, err = j.Next(t.Context(), nil)
		}
		if !errors.Is(err, ErrCorrupt) {
			t.Errorf("a damaged journal: %v, want ErrCorrupt", err)
		}
	})
}

func TestReadOnly(t *testing.T) {
	dir := t.TempDir()
	if _, err := Open(t.Context(), dir, Options{ReadOnly: true}); !errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("without a journal: %v, want fs.ErrNotExist", err)
	}
	if left, _ := os.ReadDir(dir); len(left) != 0 {
		t.Errorf("looking at a missing journal made %v", left)
	}
	j := openTest(t, dir)
	must(t, j.Add(t.Context(), []exporter.Unit{unit("u"), unit("v")}))
	_, err := j.Next(t.Context(), nil)
	must(t, err)
	must(t, j.Close())
	// As a killed process leaves it: a unit is running.
	runSQL(t, filepath.Join(dir, file), "UPDATE unit SET state = 1 WHERE key = 'v'; UPDATE dataset SET running = running + 1, pending = pending - 1")

	r, err := Open(t.Context(), dir, Options{ReadOnly: true})
	must(t, err)
	defer r.Close()
	if c := tally(t, r).Total; c.Running != 2 {
		t.Errorf("reading changed the state of units: %+v", c)
	}
	ctx := t.Context()
	_, next := r.Next(ctx, nil)
	_, reopen := r.Reopen(ctx)
	for name, err := range map[string]error{
		"Add": r.Add(ctx, []exporter.Unit{unit("w")}), "Next": next, "Reopen": reopen,
		"Commit": r.Commit(ctx, exporter.Receipt{Unit: "u"}), "Release": r.Release(ctx, "u"),
		"Freeze": r.Freeze(ctx, nil), "Amend": r.Amend(ctx, nil), "Record": r.Record(ctx, Event{Kind: "x"}),
		"Advance": r.Advance(ctx, time.Now()), "SealBag": r.SealBag(ctx, "b", "x"),
		"Save": r.Parts().Save(ctx, "p", []byte("{}")), "Delete": r.Parts().Delete(ctx, "p"),
	} {
		if !errors.Is(err, ErrReadOnly) {
			t.Errorf("%s: %v, want ErrReadOnly", name, err)
		}
	}
	// It sees what a writer that starts later does.
	w := openTest(t, dir)
	must(t, w.Add(ctx, []exporter.Unit{unit("w")}))
	if c := tally(t, r).Total; c.Pending != 3 || c.Running != 0 {
		t.Errorf("beside a writer it reads %+v", c)
	}
}

// TestReadOnlyDirectory: status works from a copy that nobody may write to,
// and an export says what is wrong.
func TestReadOnlyDirectory(t *testing.T) {
	if os.Getuid() == 0 {
		t.Skip("root may write everywhere: run as another user")
	}
	dir := t.TempDir()
	must(t, openTest(t, dir).Close())
	must(t, os.Chmod(dir, 0o500))
	t.Cleanup(func() { os.Chmod(dir, 0o700) })
	j, err := Open(t.Context(), dir, Options{ReadOnly: true})
	must(t, err)
	tally(t, j)
	must(t, j.Close())
	if _, err := Open(t.Context(), dir, options()); !contains(err, "permission") || !contains(err, dir) {
		t.Errorf("Open in a read-only directory: %v", err)
	}
	if _, err := Open(t.Context(), filepath.Join(dir, "new"), options()); !errors.Is(err, fs.ErrPermission) || !contains(err, dir) {
		t.Errorf("Open below a read-only directory: %v", err)
	}
}

func TestMigrate(t *testing.T) {
	dir := t.TempDir()
	ctx := t.Context()
	steps := []string{
		"CREATE TABLE meta (key TEXT PRIMARY KEY, value NOT NULL) WITHOUT ROWID; CREATE TABLE job (name TEXT, n INTEGER)",
		"ALTER TABLE job RENAME TO task; ALTER TABLE task ADD COLUMN state TEXT NOT NULL DEFAULT 'new'",
		"UPDATE task SET n = n + 1; UPDATE task SET name = 'half done'; CREATE TABLE task (x)",
	}
	path := filepath.Join(dir, file)
	at := func(known int) error {
		must(t, create(path))
		w, err := newWriter(ctx, path, steps[:known])
		if err == nil {
			must(t, w.close())
		}
		return err
	}
	must(t, at(1))
	runSQL(t, path, "INSERT INTO job VALUES ('a', 1)")
	id := oneString(t, path, "SELECT value FROM meta WHERE key = 'id'")

	if _, err := open(ctx, dir, Options{ReadOnly: true}, steps[:2]); !errors.Is(err, ErrOlderSchema) {
		t.Errorf("reading an older schema: %v, want ErrOlderSchema", err)
	}
	must(t, at(2))
	const row = "SELECT group_concat(name || n || state) FROM task"
	if got := oneString(t, path, row); got != "a1new" {
		t.Errorf("after the migration: %q", got)
	}
	if got := oneString(t, path, "SELECT value FROM meta WHERE key = 'id'"); got != id {
		t.Errorf("the migration changed the id from %q to %q", id, got)
	}
	if err := at(1); !errors.Is(err, ErrNewerSchema) {
		t.Errorf("an older program: %v, want ErrNewerSchema", err)
	}
	// The third step fails at its end: nothing of it remains.
	if err := at(3); err == nil || !contains(err, "schema 3") {
		t.Errorf("a failing migration: %v", err)
	}
	if got := oneString(t, path, row); got != "a1new" {
		t.Errorf("a failed migration left %q behind", got)
	}
	must(t, at(2))
}

// TestStockSQLite: a support engineer opens the file with what is installed.
func TestStockSQLite(t *testing.T) {
	cli, err := exec.LookPath("sqlite3")
	if err != nil {
		t.Skip("sqlite3 is not installed")
	}
	dir := t.TempDir()
	j := openTest(t, dir)
	must(t, j.Add(t.Context(), []exporter.Unit{unit("u")}))
	must(t, j.Commit(t.Context(), exporter.Receipt{Unit: "u", Artifacts: []exporter.Artifact{artifact("a", "i", "a")}}))
	for _, state := range []string{"while open", "after Close"} {
		out, err := exec.Command(cli, "-readonly", filepath.Join(dir, file), "PRAGMA integrity_check; SELECT key FROM unit").CombinedOutput()
		if err != nil || string(out) != "ok\nu\n" {
			t.Errorf("%s: sqlite3 says %q, %v", state, out, err)
		}
		must(t, j.Close())
	}
}

// runSQL changes a database behind the journal's back.
func runSQL(t *testing.T, path, statements string) {
	t.Helper()
	db, err := sql.Open("sqlite", dsn(path, "rwc"))
	must(t, err)
	defer db.Close()
	_, err = db.Exec(statements)
	must(t, err)
}

func oneString(t *testing.T, path, question string) string {
	t.Helper()
	db, err := sql.Open("sqlite", dsn(path, "ro"))
	must(t, err)
	defer db.Close()
	var s string
	must(t, db.QueryRow(question).Scan(&s))
	return s
}
