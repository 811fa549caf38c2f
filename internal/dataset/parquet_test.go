package dataset

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"strings"
	"testing"

	"github.com/parquet-go/parquet-go"

	"exitplan/internal/simulator"
	"exitplan/internal/sink/sinktest"
	"exitplan/internal/tables"
)

// parquetExport is an export of some days in several parts each, as Parquet too.
func parquetExport(t *testing.T) *export {
	t.Helper()
	e := newExport(t, simulator.Config{Seed: 5, Days: 2, ConversationsPerDay: 120}, MetadataDerived)
	e.details.Layout.Parquet = true
	e.details.PageRows, e.details.PartBytes = 20, 100<<10
	return e
}

// joined counts the rows of each table by the ids that join it.
func (e *export) joined(t *testing.T) map[string]map[string]int {
	t.Helper()
	rows := map[string]map[string]int{}
	for path := range e.stored(t) {
		_, below, ok := strings.Cut(path, "/data/"+tables.ParquetFolder+"/")
		if !ok {
			continue
		}
		table, _, _ := strings.Cut(below, "/")
		if rows[table] == nil {
			rows[table] = map[string]int{}
		}
		file := e.slurp(t, path)
		r := parquet.NewReader(bytes.NewReader(file))
		names := r.Schema().Columns()
		for {
			row := make([]parquet.Row, 1)
			n, err := r.ReadRows(row)
			if n == 1 {
				var ids []string
				for _, v := range row[0] {
					switch names[v.Column()][0] {
					case "conversationId", "participantId", "sessionId":
						ids = append(ids, v.String())
					}
				}
				rows[table][strings.Join(ids, "/")]++
			}
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatalf("%s: %v", path, err)
			}
		}
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return rows
}

// truth is what joined should give.
func (e *export) truth(t *testing.T) map[string]map[string]int {
	t.Helper()
	rows := map[string]map[string]int{"conversations": {}, "participants": {}, "sessions": {}, "segments": {}}
	for c := range e.sim.Truth().Conversations() {
		var row struct {
			Participants []struct {
				ID       string `json:"participantId"`
				Sessions []struct {
					ID       string `json:"sessionId"`
					Segments []any
				}
			}
		}
		if err := json.Unmarshal(c.Row, &row); err != nil {
			t.Fatal(err)
		}
		rows["conversations"][c.ID]++
		for _, p := range row.Participants {
			rows["participants"][c.ID+"/"+p.ID]++
			for _, s := range p.Sessions {
				rows["sessions"][c.ID+"/"+p.ID+"/"+s.ID]++
				rows["segments"][c.ID+"/"+p.ID+"/"+s.ID] += len(s.Segments)
			}
		}
	}
	return rows
}

// The tables hold each record of each conversation once, beside the parts.
func TestParquetHoldsWhatThePartsHold(t *testing.T) {
	e := parquetExport(t)
	e.run(t)
	e.complete(t)
	got, want := e.joined(t), e.truth(t)
	for table := range want {
		if !maps.Equal(got[table], want[table]) {
			t.Errorf("%s: %d rows of %d in the organization differ", table, len(got[table]), len(want[table]))
		}
	}
	parts, files := 0, 0
	for path := range e.stored(t) {
		switch {
		case strings.HasSuffix(path, packedSuffix):
			parts++
		case strings.HasSuffix(path, ".parquet"):
			files++
		}
	}
	if parts < 4 || files != 4*parts {
		t.Errorf("%d parts and %d files of Parquet, want 4 for each of several", parts, files)
	}
	if tally, err := e.journal.Tally(t.Context()); err != nil || tally.Datasets[DetailsName].Records != 240 {
		t.Errorf("%d records counted (%v), want each conversation once", tally.Datasets[DetailsName].Records, err)
	}
}

// An export that breaks off among the files of a part ends with the same
// objects as one that does not.
func TestParquetIsTheSameAfterAFailure(t *testing.T) {
	e := parquetExport(t)
	e.run(t)
	want := e.stored(t)
	for _, fault := range []sinktest.Fault{
		{Path: "part-00000.parquet", When: sinktest.Before, Times: 2},
		{Path: "part-00001.parquet", When: sinktest.After, Times: 3},
		{Path: "part-00001.parquet", When: sinktest.AtByte, Byte: 100, Times: 1},
		{Path: "part-00001" + packedSuffix, When: sinktest.After, Times: 1},
	} {
		t.Run(fmt.Sprint(fault.Path, fault.When), func(t *testing.T) {
			e := parquetExport(t)
			e.dest.Fail(fault)
			e.run(t)
			if left := e.exceptions(t); len(left) > 0 {
				e.dest.Heal()
				e.run(t)
			}
			e.sound(t)
			if got := e.stored(t); !maps.Equal(got, want) {
				t.Errorf("%d objects, want the %d of an undisturbed export", len(got), len(want))
			}
		})
	}
}
