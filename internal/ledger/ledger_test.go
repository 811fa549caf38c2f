package ledger_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"exitplan/internal/contract"
	"exitplan/internal/ledger"
)

var noon = time.Date(2026, 12, 10, 3, 0, 0, 0, time.UTC) // in Tokyo

func entry(t testing.TB, action, reference, requested, granted, until string, classes ...string) ledger.Entry {
	t.Helper()
	e := ledger.Entry{Recorded: noon, Action: action, Reference: reference, Requested: ledger.Date{Written: requested},
		Until: ledger.Date{Written: until}, Zone: "Asia/Tokyo", Classes: classes, Source: ledger.Command, By: "Jo <jo@example.com>"}
	if granted != "" {
		e.Granted = &ledger.Date{Written: granted}
	}
	e, err := e.Resolve()
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// three are a request, its grant, and another request.
func three(t testing.TB) []ledger.Entry {
	return []ledger.Entry{
		entry(t, ledger.Requested, "SO-1", "2026-12-10", "", "2027-01-31", contract.Metrics, contract.Recordings),
		entry(t, ledger.Granted, "SO-1", "2026-12-10", "2026-12-10", "2027-01-31", contract.Metrics, contract.Recordings),
		entry(t, ledger.Requested, "SO-2 & co", "2026-12-10", "", "2027-02-28", contract.Metrics),
	}
}

// record appends and gives the lines of the file.
func record(t testing.TB, state string, entries ...ledger.Entry) []string {
	t.Helper()
	l, err := ledger.Open(t.Context(), state)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if _, err := l.Append(e); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	return lines(t, state)
}

func lines(t testing.TB, state string) []string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(state, ledger.File))
	if err != nil {
		t.Fatal(err)
	}
	return strings.SplitAfter(strings.TrimSuffix(string(text), "\n"), "\n")
}

func write(t testing.TB, state, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(state, ledger.File), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestWhatIsRecordedIsReadBack(t *testing.T) {
	state := t.TempDir()
	record(t, state, three(t)[:1]...)
	record(t, state, three(t)[1:]...)
	got, err := ledger.Read(state)
	if err != nil || len(got) != 3 {
		t.Fatalf("%+v, %v", got, err)
	}
	for i, want := range three(t) {
		if !got[i].Says(want) || got[i].Seq != i+1 || got[i].By != want.By {
			t.Errorf("line %d: %+v", i+1, got[i])
		}
	}
	file, _, err := ledger.Text(got)
	if text := strings.Join(lines(t, state), "") + "\n"; err != nil || string(file) != text {
		t.Errorf("a copy differs:\n%s\n%s", file, text)
	}
	if none, err := ledger.Read(t.TempDir()); err != nil || len(none) != 0 {
		t.Errorf("where there is none: %v, %v", none, err)
	}
}

// Whatever is done to the file, reading it says so and names the line.
func TestTamperingIsNoticed(t *testing.T) {
	for _, tt := range []struct {
		name, line string
		edit       func(l []string) []string
	}{
		{"edited", "line 2", func(l []string) []string {
			l[1] = strings.Replace(l[1], "2027-01-31", "2028-01-31", 1)
			return l
		}},
		{"a member added", "line 2", func(l []string) []string {
			l[1] = strings.Replace(l[1], `{`, `{"extra":1,`, 1)
			return l
		}},
		{"a member twice", "line 2", func(l []string) []string {
			l[1] = strings.Replace(l[1], `"by":`, `"note":"x","by":`, 1)
			return l
		}},
		{"first line deleted", "line 1", func(l []string) []string { return l[1:] }},
		{"line in the middle deleted", "line 2", func(l []string) []string { return slices.Delete(l, 1, 2) }},
		{"last line deleted", "line 3", func(l []string) []string { return l[:2] }},
		{"two lines swapped", "line 2", func(l []string) []string { l[1], l[2] = l[2]+"\n", strings.TrimSpace(l[1]); return l }},
		{"a line repeated", "line 2", func(l []string) []string { return slices.Insert(l, 1, l[0]) }},
		{"cut in the last line", "line 3", func(l []string) []string { l[2] = l[2][:40]; return l }},
		{"emptied", "line 1", func([]string) []string { return nil }},
		{"rubbish", "line 1", func([]string) []string { return []string{"rubbish\n"} }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			state := t.TempDir()
			text := strings.Join(tt.edit(record(t, state, three(t)...)), "")
			if tt.name != "cut in the last line" {
				text += "\n"
			}
			write(t, state, strings.TrimLeft(text, "\n"))
			_, err := ledger.Read(state)
			if !errors.Is(err, ledger.ErrTampered) || !strings.Contains(err.Error(), tt.line) || !strings.Contains(err.Error(), "put back") {
				t.Errorf("read: %v", err)
			}
			if l, err := ledger.Open(t.Context(), state); !errors.Is(err, ledger.ErrTampered) {
				t.Errorf("open: %+v, %v", l, err)
			}
			if after, _ := os.ReadFile(filepath.Join(state, ledger.File)); string(after) != strings.TrimLeft(text, "\n") {
				t.Error("it was changed by being looked at")
			}
		})
	}
}

// Who recomputes the chain has no mark that fits.
func TestAChainThatWasMadeAnewFitsNoMark(t *testing.T) {
	state, forged := t.TempDir(), t.TempDir()
	record(t, state, three(t)...)
	longer := three(t)
	longer[1].Until.Written = "2028-01-31"
	longer[1], _ = longer[1].Resolve()
	record(t, forged, longer...)
	was, _ := ledger.Read(state)
	is, err := ledger.Read(forged)
	if err != nil {
		t.Fatal(err)
	}
	for i := range was {
		err := ledger.Holds("file", is, ledger.Mark{Seq: was[i].Seq, Hash: was[i].Hash}, "the journal")
		if errors.Is(err, ledger.ErrTampered) != (i > 0) {
			t.Errorf("mark %d: %v", i+1, err)
		}
	}
	if err := ledger.Begins("copy", was, is, "file"); !errors.Is(err, ledger.ErrTampered) || !strings.Contains(err.Error(), "line 2") {
		t.Errorf("%v", err)
	}
}

// An append that is killed at any byte costs at most its own entry.
func TestAnAppendMayBeKilledAtAnyByte(t *testing.T) {
	state := t.TempDir()
	before := record(t, state, three(t)[:2]...)
	head, err := os.ReadFile(filepath.Join(state, ledger.Head))
	if err != nil {
		t.Fatal(err)
	}
	last := record(t, state, three(t)[2])[2]
	base := strings.Join(before, "") + "\n"
	for cut := 0; cut <= len(last); cut += 1 + cut/7 {
		if cut+1+cut/7 > len(last) {
			cut = len(last)
		}
		write(t, state, base+last[:cut])
		if err := os.WriteFile(filepath.Join(state, ledger.Head), head, 0o600); err != nil {
			t.Fatal(err)
		}
		l, err := ledger.Open(t.Context(), state)
		if err != nil {
			t.Fatalf("cut at %d: %v", cut, err)
		}
		want := 2
		if cut == len(last) {
			want = 3
		}
		if len(l.Entries) != want || (l.Repaired == "") != (cut == 0) {
			t.Errorf("cut at %d: %d entries, repaired %q", cut, len(l.Entries), l.Repaired)
		}
		if _, err := l.Append(three(t)[2]); err != nil {
			t.Fatal(err)
		}
		l.Close()
		if got, err := ledger.Read(state); err != nil || len(got) != want+1 {
			t.Fatalf("cut at %d: afterwards %d, %v", cut, len(got), err)
		}
	}
}

func TestTheLastWordOfALedgerCounts(t *testing.T) {
	state := t.TempDir()
	words := three(t)
	taken := words[1]
	taken.Action, taken.Recorded = ledger.Withdrawn, noon.Add(time.Hour)
	again := entry(t, ledger.Requested, "SO-1", "2026-12-11", "", "2027-03-31", contract.Metrics)
	record(t, state, append(words, taken, again)...)
	entries, err := ledger.Read(state)
	if err != nil {
		t.Fatal(err)
	}
	got := ledger.Extensions(entries)
	if len(got) != 3 || !got[0].Withdrawn.Equal(taken.Recorded) || got[0].Granted.IsZero() || !got[1].Granted.IsZero() || !got[2].Granted.IsZero() || got[2].Reference != "SO-1" {
		t.Errorf("%+v", got)
	}
	if e, ok := ledger.Last(entries, "SO-1"); !ok || e.Seq != 5 {
		t.Errorf("%+v", e)
	}
	if n := len(ledger.Extensions(entries[2:3])); n != 1 {
		t.Errorf("%d extensions of one request", n)
	}
}

func TestTheConfigurationSeedsAndTheLedgerWins(t *testing.T) {
	words := three(t)
	at := noon.Add(24 * time.Hour)
	seed := ledger.Seed{words[0], words[1]}
	asked := ledger.Seed{words[0]}
	apply := func(entries []ledger.Entry, seeds ...ledger.Seed) []ledger.Entry {
		more, _ := ledger.Merge(entries, seeds, at)
		for i := range more {
			more[i].Seq = len(entries) + i + 1
		}
		return append(slices.Clone(entries), more...)
	}
	actions := func(entries []ledger.Entry) (s string) {
		for _, e := range entries {
			s += e.Source[:4] + " " + e.Action + ", "
		}
		return s
	}
	seeded := apply(nil, seed)
	if got := actions(seeded); got != "conf requested, conf granted, " {
		t.Errorf("seeded: %s", got)
	}
	if again := apply(seeded, seed); len(again) != 2 {
		t.Errorf("seeded twice: %s", actions(again))
	}
	if got := actions(apply(apply(nil, asked), seed)); got != "conf requested, conf granted, " {
		t.Errorf("granted later: %s", got)
	}
	gone := apply(seeded)
	if got := actions(gone); got != "conf requested, conf granted, conf withdrawn, " {
		t.Errorf("removed: %s", got)
	}
	if x := ledger.Extensions(gone); len(x) != 1 || !x[0].Withdrawn.Equal(at) {
		t.Errorf("removed: %+v", x)
	}
	if got := actions(apply(gone, seed)); got != "conf requested, conf granted, conf withdrawn, conf requested, conf granted, " {
		t.Errorf("put back: %s", got)
	}
	other := ledger.Seed{words[0], entry(t, ledger.Granted, "SO-1", "2026-12-10", "2026-12-10", "2027-02-15", contract.Metrics, contract.Recordings)}
	if x := ledger.Extensions(apply(seeded, other)); len(x) != 1 || !x[0].Until.Equal(other[1].Until.At) {
		t.Errorf("changed: %+v", x)
	}
	for _, tt := range []struct {
		name    string
		entries []ledger.Entry
		seed    ledger.Seed
		differ  bool
	}{
		{"the same", words, seed, false},
		{"the ledger has gone on", words, asked, false},
		{"another end", words, other, true},
		{"taken back", append(slices.Clone(words), entry(t, ledger.Withdrawn, "SO-1", "2026-12-10", "2026-12-10", "2027-01-31", contract.Metrics)), seed, true},
	} {
		more, differ := ledger.Merge(tt.entries, []ledger.Seed{tt.seed}, at)
		if len(more) > 0 || (len(differ) > 0) != tt.differ {
			t.Errorf("%s, recorded by a command: appends %s, says %q", tt.name, actions(more), differ)
		}
	}
}

// A rule of a time zone that has changed moves no entry, and is told.
func TestAnInstantThatHasMovedIsTold(t *testing.T) {
	e := three(t)[0]
	if got := ledger.Moved([]ledger.Entry{e}); len(got) != 0 {
		t.Fatalf("%q", got)
	}
	was := e.Until.At
	e.Until.At = was.Add(-time.Hour)
	got := ledger.Moved([]ledger.Entry{e})
	if len(got) != 1 || !strings.Contains(got[0], was.Format(time.RFC3339)) || !strings.Contains(got[0], e.Until.At.Format(time.RFC3339)) {
		t.Errorf("%q", got)
	}
	if x := ledger.Extensions([]ledger.Entry{e}); !x[0].Until.Equal(was) {
		t.Errorf("it counts as %v", x[0].Until)
	}
}

func FuzzParse(f *testing.F) {
	state := f.TempDir()
	f.Add([]byte(strings.Join(record(f, state, three(f)...), "") + "\n"))
	f.Add([]byte("{}\n{"))
	f.Fuzz(func(t *testing.T, text []byte) {
		entries, torn, err := ledger.Parse("x", text)
		if err != nil {
			if !errors.Is(err, ledger.ErrTampered) {
				t.Fatal(err)
			}
			return
		}
		file, _, err := ledger.Text(entries)
		whole := bytes.TrimSuffix(text, torn)
		if err != nil || !bytes.Equal(bytes.TrimSuffix(file, []byte("\n")), bytes.TrimSuffix(whole, []byte("\n"))) {
			t.Fatalf("%q is accepted, and %q was recorded", text, file)
		}
		ledger.Extensions(entries)
	})
}
