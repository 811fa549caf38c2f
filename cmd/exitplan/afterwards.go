package main

import (
	"context"
	"io"

	"exitplan/exporter"
	"exitplan/internal/dataset"
	"exitplan/internal/tables"
)

// describe is what the catalogue says of a dataset.
func describe() func(name string) exporter.Info {
	known := map[string]exporter.Info{}
	for _, info := range dataset.Catalogue() {
		known[info.Name] = info
	}
	return func(name string) exporter.Info { return known[name] }
}

// queryFiles are the files of the root bag with which an export is used, made
// from what it holds.
func (s *session) queryFiles(ctx context.Context, sum *summary) ([]exporter.ControlFile, error) {
	folders, err := s.journal.Folders(ctx)
	if err != nil {
		return nil, err
	}
	about := describe()
	e := tables.Export{
		URL: s.dest.URL(), From: sum.From, To: sum.To,
		About: func(name string) string { return about(name).Description },
	}
	for _, f := range folders {
		first, err := s.journal.First(ctx, f, tables.Suffix(f.Name))
		if err != nil {
			return nil, err
		}
		if first != "" {
			e.Stored = append(e.Stored, tables.Stored{Bag: f.Bag, Folder: f.Name, First: first})
		}
	}
	return []exporter.ControlFile{
		{Name: "queries.sql", Write: func(w io.Writer) error { return e.DuckDB(w) }},
		{Name: "athena.sql", Write: func(w io.Writer) error { return e.Athena(w) }},
	}, nil
}
