package dataset

import (
	"context"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"exitplan/exporter"
	"exitplan/internal/tables"
)

const packedSuffix = ".jsonl.gz"

// converter makes Parquet of one part at a time: it holds a row group of each
// table in memory.
type converter struct{ one sync.Mutex }

// tabled is what is made of a part.
type tabled struct {
	dataset, name string // the part's, which has its suffix yet to come
	folder        string // of the tables' folders
	layout        exporter.Layout
	day           time.Time
	start         func(spool func() (*os.File, error)) (*tables.Parquet, error)
}

// store stores the rows of an open part as tables. Their artifacts go into the
// receipt of the part, and have no records to count, since each is in the part.
func (c *converter) store(ctx context.Context, out *exporter.Output, p *part, t tabled) (list []exporter.Artifact, err error) {
	files, err := c.convert(p, out, t)
	if err != nil {
		return nil, fmt.Errorf("make Parquet of a part of %s: %w", t.dataset, err)
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
		artifact, err := out.Put(ctx, exporter.Object{
			Path: t.layout.DayPath(analyticsGroup, t.folder+"/"+f.Table, t.day) + "/" + t.name + ".parquet",
			Size: size, ContentType: "application/vnd.apache.parquet",
		}, f.Body)
		if err != nil {
			return nil, err
		}
		artifact.Dataset, artifact.Source = t.dataset, "the rows of "+t.name+packedSuffix
		list = append(list, artifact)
	}
	return list, nil
}

func (c *converter) convert(p *part, out *exporter.Output, t tabled) ([]tables.File, error) {
	c.one.Lock()
	defer c.one.Unlock()
	parquet, err := t.start(out.Spool)
	if err != nil {
		return nil, err
	}
	defer parquet.Discard()
	if err := p.each(parquet.Write); err != nil {
		return nil, err
	}
	return parquet.Close()
}

// tables stores the rows of the open part as Parquet as well, if that is asked for.
func (r *detailsRun) tables(ctx context.Context, name string) ([]exporter.Artifact, error) {
	if !r.d.Layout.Parquet {
		return nil, nil
	}
	return r.d.converter.store(ctx, r.out, &r.part, tabled{
		dataset: DetailsName, name: name, folder: tables.ParquetFolder, layout: r.d.Layout, day: r.p.From,
		start: tables.NewConversations,
	})
}

// tables does so with the values of aggregates; other listings are no tables.
func (r *listingRun) tables(ctx context.Context, name string) ([]exporter.Artifact, error) {
	family := tables.Family(r.d.name)
	if !r.d.Layout.Parquet || family == "" {
		return nil, nil
	}
	return r.d.converter.store(ctx, r.out, &r.part, tabled{
		dataset: r.d.name, name: name, folder: tables.AggregatesFolder, layout: r.d.Layout, day: r.p.From,
		start: func(spool func() (*os.File, error)) (*tables.Parquet, error) {
			return tables.NewAggregates(spool, family)
		},
	})
}
