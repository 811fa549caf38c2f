package tables

import (
	"cmp"
	"fmt"
	"os"
	"slices"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"
)

const (
	// Rows of a row group, which is kept in memory until it is whole.
	groupRows = 10_000
	// Bytes of a column that are kept before they are compressed.
	pageBytes = 32 << 10
)

// Parquet writes records as tables, a file for each. The same records give the
// same bytes. It is as lenient as the records demand: what does not fit its
// column is null, and nothing but the disk makes it fail.
type Parquet struct {
	files []*tableFile
	write func(record jsontext.Value) error // the rows of one record
}

// File is what Close gives of one table.
type File struct {
	Table string   // conversations, participants, sessions, segments, or a family of aggregates
	Body  *os.File // at its end; the caller closes it
}

type tableFile struct {
	name   string
	body   *os.File
	writer *parquet.GenericWriter[any]
}

// open makes the file of one table; spool gives a temporary one, which needs no
// removal.
func (p *Parquet) open(spool func() (*os.File, error), name string, columns []column) (*tableFile, error) {
	body, err := spool()
	if err != nil {
		p.Discard()
		return nil, err
	}
	f := &tableFile{name: name, body: body}
	f.writer = parquet.NewGenericWriter[any](body, parquet.NewSchema(name, ordered(columns)),
		parquet.Compression(&parquet.Zstd), parquet.DataPageVersion(1), // which every reader knows
		parquet.PageBufferSize(pageBytes), parquet.MaxRowsPerRowGroup(groupRows),
		parquet.CreatedBy("exitplan", "1", "0")) // no version: the bytes are to be the same
	p.files = append(p.files, f)
	return f, nil
}

func (f *tableFile) add(row parquet.Row) error {
	if _, err := f.writer.WriteRows([]parquet.Row{row}); err != nil {
		return fmt.Errorf("write Parquet: %w", err)
	}
	return nil
}

// Write adds the rows of one record, as the API sent it.
func (p *Parquet) Write(record []byte) error { return p.write(jsontext.Value(record)) }

// Discard drops what was written.
func (p *Parquet) Discard() {
	for _, f := range p.files {
		f.body.Close()
	}
	p.files = nil
}

// Close ends the files.
func (p *Parquet) Close() ([]File, error) {
	list := make([]File, len(p.files))
	for i, f := range p.files {
		if err := f.writer.Close(); err != nil {
			p.Discard()
			return nil, fmt.Errorf("write Parquet: %w", err)
		}
		list[i] = File{Table: f.name, Body: f.body}
	}
	p.files = nil
	return list, nil
}

// picker finds the columns of a record, which follow one another in a table.
type picker struct {
	columns []column
	first   int // of them, in the table
	at      map[string]int
	row     []jsontext.Value // the members, by column
}

func newPicker(columns []column, first int) *picker {
	p := &picker{columns: columns, first: first, at: map[string]int{}, row: make([]jsontext.Value, len(columns))}
	for i, c := range columns {
		p.at[c.name] = i
	}
	return p
}

// append appends a record's columns to a row; other is called with the members
// that are none.
func (p *picker) append(row parquet.Row, record jsontext.Value, other func(name string, value jsontext.Value)) parquet.Row {
	clear(p.row)
	members(record, func(name string, value jsontext.Value) {
		if i, ok := p.at[name]; ok {
			p.row[i] = value
		} else {
			other(name, value)
		}
	})
	for i, c := range p.columns {
		row = appendColumn(row, p.first+i, c.kind, p.row[i])
	}
	return row
}

// orderedGroup is a group whose columns stand in the order of a table, not by
// their names.
type orderedGroup struct {
	parquet.Group
	fields []parquet.Field
}

// Fields are the columns.
func (g orderedGroup) Fields() []parquet.Field { return g.fields }

func ordered(columns []column) parquet.Node {
	group := parquet.Group{}
	place := map[string]int{}
	for i, c := range columns {
		group[c.name], place[c.name] = parquet.Optional(leaf(c.kind)), i
	}
	fields := group.Fields()
	slices.SortFunc(fields, func(a, b parquet.Field) int { return cmp.Compare(place[a.Name()], place[b.Name()]) })
	return orderedGroup{group, fields}
}

func leaf(k kind) parquet.Node {
	node := parquet.Node(nil)
	switch k {
	case flag:
		return parquet.Leaf(parquet.BooleanType)
	case whole:
		node = parquet.Leaf(parquet.Int64Type)
	case number:
		node = parquet.Leaf(parquet.DoubleType)
	case instant:
		node = parquet.Timestamp(parquet.Millisecond)
	case texts:
		return parquet.List(parquet.Optional(leaf(text)))
	case wholes:
		return parquet.List(parquet.Optional(leaf(whole)))
	default:
		node = parquet.String()
	}
	return parquet.Encoded(node, parquet.LookupEncoding(format.Plain)) // as old readers need it
}
