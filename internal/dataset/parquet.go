package dataset

import (
	"context"
	"fmt"
	"io"

	"exitplan/exporter"
	"exitplan/internal/tables"
)

const packedSuffix = ".jsonl.gz"

// tables stores the rows of the open part as Parquet as well, if that is asked
// for: its artifacts go into the receipt of the part. They have no records of
// their own to count, since each is in the part.
func (r *detailsRun) tables(ctx context.Context, name string) (list []exporter.Artifact, err error) {
	if !r.d.Layout.Parquet {
		return nil, nil
	}
	files, err := r.convert()
	if err != nil {
		return nil, fmt.Errorf("make Parquet of a part of %s: %w", r.unit.Key, err)
	}
	defer func() {
		for _, f := range files {
			f.Body.Close()
		}
	}()
	for _, f := range files {
		size, err := f.Body.Seek(0, io.SeekCurrent)
		if err != nil {
			return nil, err
		}
		if _, err := f.Body.Seek(0, io.SeekStart); err != nil {
			return nil, err
		}
		dir := r.d.Layout.DayPath(analyticsGroup, tables.ParquetFolder+"/"+f.Table, r.p.From)
		artifact, err := r.out.Put(ctx, exporter.Object{
			Path: dir + "/" + name + ".parquet", Size: size, ContentType: "application/vnd.apache.parquet",
		}, f.Body)
		if err != nil {
			return nil, err
		}
		artifact.Dataset, artifact.Source = DetailsName, "the rows of "+name+packedSuffix
		list = append(list, artifact)
	}
	return list, nil
}

// convert makes Parquet of the open part. One part at a time: it holds a row
// group of each table in memory.
func (r *detailsRun) convert() ([]tables.File, error) {
	r.d.converting.Lock()
	defer r.d.converting.Unlock()
	p, err := tables.NewParquet(r.out.Spool)
	if err != nil {
		return nil, err
	}
	defer p.Discard()
	if err := r.part.each(p.Write); err != nil {
		return nil, err
	}
	return p.Close()
}
