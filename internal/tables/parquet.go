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

// Parquet writes conversations as Parquet, a file for each level. The same
// conversations give the same bytes. It is as lenient as the records demand:
// what does not fit its column is null, and nothing but the disk makes it fail.
type Parquet struct {
	files []*levelFile // in the order of levels
}

// File is what Close gives of one level.
type File struct {
	Table string   // the level: conversations, participants, sessions, segments
	Body  *os.File // at its end; the caller closes it
}

type levelFile struct {
	body   *os.File
	writer *parquet.GenericWriter[any]
	up     int // columns that come from the levels above
	at     map[string]int
	own    []column
	row    []jsontext.Value // the members of a record, by column
	values parquet.Row
}

// NewParquet makes a file for each level; spool gives temporary ones, which need
// no removal.
func NewParquet(spool func() (*os.File, error)) (*Parquet, error) {
	p := &Parquet{}
	for _, t := range levels {
		body, err := spool()
		if err != nil {
			p.Discard()
			return nil, err
		}
		own := t.own()
		f := &levelFile{body: body, up: len(t.up), own: own, at: map[string]int{}, row: make([]jsontext.Value, len(own))}
		for i, c := range own {
			f.at[c.name] = i
		}
		f.writer = parquet.NewGenericWriter[any](body, parquet.NewSchema(t.name, ordered(t.flat())),
			parquet.Compression(&parquet.Zstd), parquet.DataPageVersion(1), // which every reader knows
			parquet.PageBufferSize(pageBytes), parquet.MaxRowsPerRowGroup(groupRows),
			parquet.CreatedBy("exitplan", "1", "0")) // no version: the bytes are to be the same
		p.files = append(p.files, f)
	}
	return p, nil
}

// Discard drops what was written.
func (p *Parquet) Discard() {
	for _, f := range p.files {
		f.body.Close()
	}
	p.files = nil
}

// Write adds the rows of one conversation, a record as the API sent it.
func (p *Parquet) Write(record []byte) error {
	return p.write(0, jsontext.Value(record), nil)
}

// write adds a record to its level, and those in it to the next; up are the ids
// of the levels above.
func (p *Parquet) write(level int, record jsontext.Value, up []parquet.Value) error {
	f := p.files[level]
	clear(f.row)
	var children jsontext.Value
	members(record, func(name string, value jsontext.Value) {
		if i, ok := f.at[name]; ok {
			f.row[i] = value
		} else if name == levels[level].child {
			children = value
		}
	})
	f.values = f.values[:0]
	for i, id := range up {
		f.values = append(f.values, id.Level(0, id.DefinitionLevel(), i))
	}
	for i, c := range f.own {
		f.values = appendColumn(f.values, f.up+i, c.kind, f.row[i])
	}
	if level+1 == len(levels) {
		return f.add()
	}
	// The id by which the next level joins is the first own column.
	id := f.values[f.up]
	if err := f.add(); err != nil {
		return err
	}
	var err error
	elements(children, func(value jsontext.Value) {
		if err == nil {
			err = p.write(level+1, value, append(slices.Clip(up), id))
		}
	})
	return err
}

func (f *levelFile) add() error {
	if _, err := f.writer.WriteRows([]parquet.Row{f.values}); err != nil {
		return fmt.Errorf("write Parquet: %w", err)
	}
	return nil
}

// Close ends the files.
func (p *Parquet) Close() ([]File, error) {
	list := make([]File, len(p.files))
	for i, f := range p.files {
		if err := f.writer.Close(); err != nil {
			p.Discard()
			return nil, fmt.Errorf("write Parquet: %w", err)
		}
		list[i] = File{Table: levels[i].name, Body: f.body}
	}
	p.files = nil
	return list, nil
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
