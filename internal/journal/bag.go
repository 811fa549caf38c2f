package journal

import (
	"context"
	"database/sql"
	"encoding/hex"
	"fmt"
	"iter"

	"exitplan/exporter"
)

// Bags lists every bag that has artifacts, by name bytewise.
func (j *Journal) Bags(ctx context.Context) ([]exporter.Bag, error) {
	var list []exporter.Bag
	for b, err := range query(ctx, j, "SELECT name, files, bytes, sealed, stale FROM bag WHERE files > 0 ORDER BY name", nil,
		func(scan func(...any) error) (b exporter.Bag, err error) {
			err = scan(&b.Name, &b.Files, &b.Bytes, &b.Sealed, &b.Stale)
			return b, err
		}) {
		if err != nil {
			return nil, err
		}
		list = append(list, b)
	}
	return list, nil
}

// SealBag records that a bag's manifests are stored: the SHA-256 of its
// tagmanifest. Nothing may be storing into the bag between reading its
// artifacts and this call.
func (j *Journal) SealBag(ctx context.Context, name, tagManifestSHA256 string) error {
	j.touched.Delete(name)
	return j.write(ctx, func(t *tx) error {
		n, err := t.exec("UPDATE bag SET sealed = ?, stale = 0 WHERE name = ?", tagManifestSHA256, name)
		if err == nil && n == 0 {
			return fmt.Errorf("seal bag %q: no artifact of that bag is recorded", name)
		}
		return err
	}, nil)
}

// Artifacts streams the artifacts of a bag by path, bytewise; that is the
// order of its manifest. All come from one instant of the journal.
func (j *Journal) Artifacts(ctx context.Context, bag string) iter.Seq2[exporter.Artifact, error] {
	return query(ctx, j, `SELECT `+artifactColumns+` FROM artifact a `+artifactJoins+`
		WHERE a.bag = (SELECT id FROM bag WHERE name = ?) ORDER BY a.name`, []any{bag}, scanArtifact)
}

// What scanArtifact needs, from artifact a.
const (
	artifactColumns = `d.name, b.name, a.name, a.bytes, a.sha256, i.name, a.records, a.source,
		a.level, a.value, a.etag, a.version, a.part_size, a.parts`
	artifactJoins = `JOIN bag b ON b.id = a.bag JOIN dataset d ON d.id = a.dataset LEFT JOIN item i ON i.id = a.item`
)

func scanArtifact(scan func(...any) error) (exporter.Artifact, error) {
	var (
		a                                         exporter.Artifact
		bag, name                                 string
		sum                                       []byte
		item, source, level, value, etag, version sql.NullString
		partSize, parts                           sql.NullInt64
	)
	err := scan(&a.Dataset, &bag, &name, &a.Bytes, &sum, &item, &a.Records, &source,
		&level, &value, &etag, &version, &partSize, &parts)
	a.Path = bag + "/data/" + name
	a.SHA256 = hex.EncodeToString(sum)
	a.Item, a.Source = item.String, source.String
	a.Attest = exporter.Attestation{
		Level: level.String, Value: value.String, ETag: etag.String, VersionID: version.String,
		PartSize: partSize.Int64, Parts: int(parts.Int64),
	}
	return a, err
}

// query streams the rows of a question; the last pair has the error, if any.
func query[T any](ctx context.Context, j *Journal, question string, args []any, scan func(func(...any) error) (T, error)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var zero T
		rows, err := j.readers.QueryContext(ctx, question, args...)
		if err != nil {
			yield(zero, j.unread(ctx, err))
			return
		}
		defer rows.Close()
		for rows.Next() {
			row, err := scan(rows.Scan)
			if err != nil {
				yield(zero, j.unread(ctx, err))
				return
			}
			if !yield(row, nil) {
				return
			}
		}
		if err := rows.Err(); err != nil {
			yield(zero, j.unread(ctx, err))
		}
	}
}

// unread explains why something could not be read.
func (j *Journal) unread(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return explain("read", j.path, err)
}
