package tables

import (
	"os"
	"slices"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/parquet-go/parquet-go"
)

// levelFile is the table of one level.
type levelFile struct {
	*tableFile
	own    *picker
	up     int // columns that come from the levels above
	child  string
	values parquet.Row
}

// NewConversations writes conversations, a table for each level.
func NewConversations(spool func() (*os.File, error)) (*Parquet, error) {
	p := &Parquet{}
	files := make([]*levelFile, len(levels))
	for i, t := range levels {
		f, err := p.open(spool, t.name, t.flat())
		if err != nil {
			return nil, err
		}
		files[i] = &levelFile{tableFile: f, own: newPicker(t.own(), len(t.up)), up: len(t.up), child: t.child}
	}
	p.write = func(record jsontext.Value) error { return writeLevel(files, record, nil) }
	return p, nil
}

// writeLevel adds a record to the first of the levels, and those in it to the
// next; up are the ids of the levels above.
func writeLevel(files []*levelFile, record jsontext.Value, up []parquet.Value) error {
	f := files[0]
	f.values = f.values[:0]
	for i, id := range up {
		f.values = append(f.values, id.Level(0, id.DefinitionLevel(), i))
	}
	var children jsontext.Value
	f.values = f.own.append(f.values, record, func(name string, value jsontext.Value) {
		if name == f.child {
			children = value
		}
	})
	if len(files) == 1 {
		return f.add(f.values)
	}
	// The id by which the next level joins is the first own column.
	id := f.values[f.up]
	if err := f.add(f.values); err != nil {
		return err
	}
	var err error
	elements(children, func(value jsontext.Value) {
		if err == nil {
			err = writeLevel(files[1:], value, append(slices.Clip(up), id))
		}
	})
	return err
}
