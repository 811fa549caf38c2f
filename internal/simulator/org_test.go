package simulator

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

func testOrg(t testing.TB, cfg Config) *org {
	t.Helper()
	cfg, err := cfg.withDefaults()
	if err != nil {
		t.Fatal(err)
	}
	return newOrg(cfg)
}

// What the organization holds must not change between versions, or exports begun
// before an upgrade would compare against another truth.
func TestOrganizationIsFixed(t *testing.T) {
	o := testOrg(t, Config{Seed: 42})
	c := o.conversation(1, 77)
	if id, want := o.conversationID(c).String(), "ff5efe89-43ca-487e-a415-a44dc6906d92"; id != want {
		t.Errorf("conversation id %s, want %s", id, want)
	}
	digest := sha256.New()
	for i := range 200 {
		c := o.conversation(1, i)
		digest.Write(o.appendConversation(nil, c, true))
		for _, rec := range o.recordings(c) {
			m := o.object(rec, 0)
			_ = m.write(digest, 0, m.size())
		}
	}
	if got, want := hex.EncodeToString(digest.Sum(nil)), "62c79e36bf24fb2bf86bcdc10df31d60093bd35b1fa789570e06418ad42672ca"; got != want {
		t.Errorf("rows and media of a day: %s, want %s", got, want)
	}
	if again := testOrg(t, Config{Seed: 42}); !bytes.Equal(o.appendConversation(nil, c, true), again.appendConversation(nil, c, true)) {
		t.Error("the same seed gives another row")
	}
	if other := testOrg(t, Config{Seed: 43}); o.conversationID(c) == other.conversationID(c) {
		t.Error("another seed gives the same id")
	}
}

// What is lost of some recordings changes nothing else: no id, no row, no media.
func TestLossesLeaveTheRest(t *testing.T) {
	plain := testOrg(t, Config{Seed: 42})
	lossy := testOrg(t, Config{Seed: 42, UnretainedShare: 0.1, VanishedShare: 0.1, SensitiveShare: 0.1, DelayedShare: 0.1, DuplicateShare: 0.1,
		UnflaggedShare: 0.5, ForgottenRecordings: 9, DeniedShare: 0.1, ScreenShare: 0.5, ShortRetentionShare: 0.5, Redaction: redactionMixed})
	for i := range 200 {
		c, d := plain.conversation(1, i), lossy.conversation(1, i)
		row := bytes.ReplaceAll(lossy.appendConversation(nil, d, true), []byte(`,"screenRecording":true`), nil)
		if !bytes.Equal(plain.appendConversation(nil, c, true), row) {
			t.Fatalf("row %s", row)
		}
		list := slices.DeleteFunc(lossy.recordings(d), func(rec recording) bool { return rec.screen() || d.unflagged })
		if len(list) != len(plain.recordings(c)) {
			t.Fatalf("%d recordings of %d", len(list), i)
		}
		for n, rec := range plain.recordings(c) {
			var one, other bytes.Buffer
			_ = plain.object(rec, 0).write(&one, 0, plain.object(rec, 0).size())
			_ = lossy.object(list[n], 0).write(&other, 0, lossy.object(list[n], 0).size())
			if rec.id != list[n].id || !bytes.Equal(one.Bytes(), other.Bytes()) {
				t.Errorf("recording %s is another", rec.id)
			}
		}
	}
}

func TestRows(t *testing.T) {
	o := testOrg(t, Config{Days: 2, ConversationsPerDay: 500})
	var crossing, later, odd int
	last := int64(0)
	for day := range 2 {
		for index := range 500 {
			c := o.conversation(day, index)
			row := o.appendConversation(nil, c, true)
			var compact bytes.Buffer
			if err := json.Compact(&compact, row); err != nil || !utf8.Valid(row) || bytes.ContainsAny(row, "\n\r") || !bytes.Equal(compact.Bytes(), row) {
				t.Fatalf("row is not one compact line of JSON: %v\n%s", err, row)
			}
			if c.start < last || o.dayOf(c.start) != day || c.end <= c.start || c.end-c.start > maxSpanDays*dayMillis {
				t.Fatalf("conversation %d of day %d: %d to %d after %d", index, day, c.start, c.end, last)
			}
			last = c.start
			if n := o.dayOf(c.end) - day; n > 0 {
				crossing++
				if n > 1 {
					later++
				}
			}
			if bytes.Contains(row, []byte("\u2028")) && bytes.Contains(row, []byte(`\ud83d`)) {
				odd++
			}
		}
	}
	if crossing == 0 || later == 0 || odd == 0 {
		t.Errorf("%d cross a day, %d end later than the next, %d have odd characters", crossing, later, odd)
	}
}

func TestRecordedShareIsExact(t *testing.T) {
	o := testOrg(t, Config{ConversationsPerDay: 2000, RecordedShare: 0.4})
	flagged := 0
	for i := range 2000 {
		if o.conversation(1, i).flagged {
			flagged++
		}
	}
	if flagged != 800 {
		t.Errorf("%d of 2000", flagged)
	}
	none := testOrg(t, Config{RecordedShare: -1})
	if slices.ContainsFunc(make([]int, 200), func(i int) bool { return none.conversation(0, i).flagged }) {
		t.Error("a negative share gives recordings")
	}
}

// An organization of a billion conversations costs what a small one costs.
func TestMemoryDoesNotGrow(t *testing.T) {
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	o := testOrg(t, Config{Days: 10_000, ConversationsPerDay: 100_000})
	sel := selection{from: o.dayStart(9_000), to: o.dayStart(9_001)}
	n, p := 0, sel.first(o)
	for n < 1000 {
		_, next, ok := sel.next(o, p)
		if !ok {
			t.Fatal("the day ended")
		}
		n, p = n+1, next
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > 16<<20 {
		t.Errorf("heap grew by %d bytes", grown)
	}
	runtime.KeepAlive(o)
}

func TestConfigIsChecked(t *testing.T) {
	for name, cfg := range map[string]Config{
		"not midnight":   {From: time.Date(2026, 3, 1, 5, 0, 0, 0, time.UTC)},
		"negative days":  {Days: -1},
		"too many days":  {Days: maxDays},
		"empty client":   {Clients: []Client{{ID: "x"}}},
		"too many a day": {ConversationsPerDay: maxPerDay + 1},
		"no redaction":   {Redaction: "hide"},
		"less than none": {ForgottenRecordings: -1},
	} {
		if _, err := cfg.withDefaults(); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// An id says what it names to the one who knows the seed, and to nobody else.
func FuzzIdentity(f *testing.F) {
	f.Add(uint64(1), uint8(2), uint16(3), uint32(4), uint16(5), "ff5efe89-43ca-487e-a415-a44dc6906d92")
	f.Add(uint64(42), uint8(2), uint16(3), uint32(4), uint16(4), "ff5efe89-43CA-087e-2415-A44dC6906d92") // another version
	f.Fuzz(func(t *testing.T, seed uint64, k uint8, day uint16, index uint32, sub uint16, text string) {
		ids := newIdentities(seed)
		wantKind, wantDay, wantIndex, wantSub := kind(k%16), int(day%maxDays), int(index%maxPerDay), int(sub%4096)
		id := ids.make(wantKind, wantDay, wantIndex, wantSub).String()
		gotKind, gotDay, gotIndex, gotSub, ok := ids.parse(id)
		if !ok || gotKind != wantKind || gotDay != wantDay || gotIndex != wantIndex || gotSub != wantSub {
			t.Fatalf("%s: %d %d %d %d %v", id, gotKind, gotDay, gotIndex, gotSub, ok)
		}
		if id[14] != '4' || !strings.ContainsRune("89ab", rune(id[19])) {
			t.Errorf("%s is no version 4 UUID", id)
		}
		if _, _, _, _, ok := newIdentities(seed + 1).parse(id); ok {
			t.Error("another seed reads it")
		}
		if k, day, index, sub, ok := ids.parse(text); ok && !strings.EqualFold(ids.make(k, day, index, sub).String(), text) {
			t.Errorf("%q is read but not made", text)
		}
	})
}

func FuzzCursor(f *testing.F) {
	f.Add(1, 2, 3, true, "AAAA")
	f.Fuzz(func(t *testing.T, day, index, sent int, overlap bool, text string) {
		c := cursor{position: position{max(day, 0), max(index, 0)}, copy: 1, sent: max(sent, 0), overlap: overlap, nonce: 7}
		made := c.String(1, "job")
		if got, ok := parseCursor(made, 1, "job"); !ok || got != c {
			t.Fatalf("%+v became %+v", c, got)
		}
		if _, ok := parseCursor(made, 1, "other"); ok {
			t.Error("another job's cursor is taken")
		}
		parseCursor(text, 1, "job") // must not panic
	})
}

func BenchmarkRow(b *testing.B) {
	o := testOrg(b, Config{ConversationsPerDay: 100_000})
	var row []byte
	for i := range b.N {
		row = o.appendConversation(row[:0], o.conversation(0, i%100_000), true)
	}
	b.SetBytes(int64(len(row)))
}
