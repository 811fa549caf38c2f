package tables

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/parquet-go/parquet-go"
)

// parquetOf writes conversations, and gives each table's bytes.
func parquetOf(t *testing.T, records ...string) map[string][]byte {
	t.Helper()
	p, err := NewConversations(spool(t))
	if err != nil {
		t.Fatal(err)
	}
	return filled(t, p, records...)
}

// spool makes temporary files.
func spool(t *testing.T) func() (*os.File, error) {
	dir, n := t.TempDir(), 0
	return func() (*os.File, error) {
		n++
		return os.Create(filepath.Join(dir, fmt.Sprint(n)))
	}
}

func filled(t *testing.T, p *Parquet, records ...string) map[string][]byte {
	t.Helper()
	for _, r := range records {
		if err := p.Write([]byte(r)); err != nil {
			t.Fatal(err)
		}
	}
	files, err := p.Close()
	if err != nil {
		t.Fatal(err)
	}
	all := map[string][]byte{}
	for _, f := range files {
		defer f.Body.Close()
		if _, err := f.Body.Seek(0, io.SeekStart); err != nil {
			t.Fatal(err)
		}
		if all[f.Table], err = io.ReadAll(f.Body); err != nil {
			t.Fatal(err)
		}
	}
	return all
}

// rowsOf reads a table back: each row's columns that are not null.
func rowsOf(t *testing.T, file []byte) (rows []map[string]string) {
	t.Helper()
	f, err := parquet.OpenFile(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	names := f.Schema().Columns()
	r := parquet.NewReader(f)
	defer r.Close()
	for {
		read := make([]parquet.Row, 1)
		n, err := r.ReadRows(read)
		if n == 1 {
			row := map[string]string{}
			for _, v := range read[0] {
				name := names[v.Column()][0]
				if v.IsNull() && v.DefinitionLevel() == 0 {
					continue
				}
				if _, more := row[name]; more {
					row[name] += "," + v.String()
				} else {
					row[name] = v.String()
				}
			}
			rows = append(rows, row)
		}
		if err == io.EOF {
			return rows
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// Each level has its rows, under the ids by which they join.
func TestParquetHoldsEachLevel(t *testing.T) {
	files := parquetOf(t, `{"conversationId":"c1","conversationStart":"2026-03-04T05:06:07.890Z","divisionIds":["d1",null,"d2"],"mediaStatsMinConversationMos":4.9,
		"selfServed":false,"evaluations":[{"formId":"f"}],"future":{"x":1},"participants":[
		{"participantId":"p1","attributes":{"a":"b"},"sessions":[{"sessionId":"s1","mediaCount":3,"metrics":[{"name":"tTalk","value":9007199254740993}],
			"segments":[{"segmentType":"alert","sipResponseCodes":[200,486]},{"segmentType":"interact"}]}]},
		{"participantId":"p2","sessions":[]}]}`, `{"conversationId":"c2","divisionIds":[]}`)
	for table, want := range map[string]string{
		"conversations": "[map[conversationId:c1 conversationStart:1772600767890 divisionIds:d1,<null>,d2 evaluations:[{\"formId\":\"f\"}] mediaStatsMinConversationMos:4.9 selfServed:false]" +
			" map[conversationId:c2 divisionIds:<null>]]",
		"participants": `[map[attributes:{"a":"b"} conversationId:c1 participantId:p1] map[conversationId:c1 participantId:p2]]`,
		"sessions":     `[map[conversationId:c1 mediaCount:3 metrics:[{"name":"tTalk","value":9007199254740993}] participantId:p1 sessionId:s1]]`,
		"segments": "[map[conversationId:c1 participantId:p1 segmentType:alert sessionId:s1 sipResponseCodes:200,486]" +
			" map[conversationId:c1 participantId:p1 segmentType:interact sessionId:s1]]",
	} {
		if got := fmt.Sprint(rowsOf(t, files[table])); got != want {
			t.Errorf("%s\n%s\nwant\n%s", table, got, want)
		}
	}
}

// What does not fit its column is null, or kept as text; nothing fails.
func TestParquetTakesWhatDoesNotFit(t *testing.T) {
	for record, want := range map[string]string{
		`{"conversationId":7,"conversationStart":"tomorrow","selfServed":"yes","mediaStatsMinConversationMos":"high","divisionIds":"d"}`: "map[conversationId:7]",
		`{"conversationId":{"a":1},"conversationStart":1772600767890,"divisionIds":[1,{"x":2}],"mediaStatsMinConversationMos":1e999}`:    `map[conversationId:{"a":1} divisionIds:1,{"x":2}]`,
		`{"conversationId":"first","conversationId":"last","conversationStart":"2026-03-04T05:06:07"}`:                                   "map[conversationId:last conversationStart:1772600767000]",
		`{"conversationId":"\ud83d half","externalTag":"` + "\xff" + `","evaluations":"` + "\xfe" + `"}`:                                 "map[conversationId:\uFFFD half evaluations:\"\uFFFD\" externalTag:\uFFFD]",
		`{"conversationId":null,"participants":{"participantId":"p"}}`:                                                                   "map[]",
		`"no record"`: "map[]", `null`: "map[]", `[1]`: "map[]",
	} {
		files := parquetOf(t, record)
		if got := rowsOf(t, files["conversations"]); len(got) != 1 || fmt.Sprint(got[0]) != want {
			t.Errorf("%s: %v, want one row %s", record, got, want)
		}
		if got := rowsOf(t, files["participants"]); len(got) != 0 {
			t.Errorf("%s: participants %v", record, got)
		}
	}
	files := parquetOf(t, `{"conversationId":"c","participants":[null,5,{"participantId":"p","sessions":[{"mediaCount":2.0,"timeoutSeconds":2.5}]}]}`)
	if got := fmt.Sprint(rowsOf(t, files["participants"])); got != "[map[conversationId:c] map[conversationId:c] map[conversationId:c participantId:p]]" {
		t.Errorf("elements that are no records: %s", got)
	}
	if got := fmt.Sprint(rowsOf(t, files["sessions"])); got != "[map[conversationId:c mediaCount:2 participantId:p]]" {
		t.Errorf("numbers: %s", got)
	}
}

// A repeat must find the same object; more rows than a row group, the same.
func TestParquetOfTheSameRowsIsTheSame(t *testing.T) {
	records := make([]string, 2*groupRows+1)
	for i := range records {
		records[i] = fmt.Sprintf(`{"conversationId":"c%d","externalTag":%q,"participants":[{"participantId":"p"}]}`, i, strings.Repeat("x", i%97))
	}
	a, b := parquetOf(t, records...), parquetOf(t, records...)
	for table := range a {
		if !bytes.Equal(a[table], b[table]) {
			t.Errorf("%s differs", table)
		}
	}
	f, err := parquet.OpenFile(bytes.NewReader(a["conversations"]), int64(len(a["conversations"])))
	if err != nil {
		t.Fatal(err)
	}
	if f.NumRows() != int64(len(records)) || len(f.RowGroups()) != 3 {
		t.Errorf("%d rows in %d row groups", f.NumRows(), len(f.RowGroups()))
	}
	if first := f.Schema().Columns()[0][0]; first != "conversationId" {
		t.Errorf("the first column is %s", first)
	}
}
