package journal

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
)

// Parts returns the table of unfinished multipart uploads.
func (j *Journal) Parts() *Parts { return &Parts{j} }

// Parts remembers how far the upload of a large object has come, so that a
// killed run goes on with the next part. What it remembers is the sink's
// business. It is safe for concurrent use.
type Parts struct{ j *Journal }

// Load returns what was last saved for an object's path; nil for nothing.
func (p *Parts) Load(ctx context.Context, path string) (json.RawMessage, error) {
	var value []byte
	err := p.j.readers.QueryRowContext(ctx, "SELECT value FROM part WHERE path = ?", path).Scan(&value)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, p.j.unread(ctx, err)
	}
	return value, nil
}

// Save replaces what is remembered for an object's path; durable on return.
func (p *Parts) Save(ctx context.Context, path string, value json.RawMessage) error {
	if value == nil {
		return errors.New("nothing to remember of the upload of " + path)
	}
	return p.j.write(ctx, func(t *tx) error {
		_, err := t.exec("INSERT INTO part VALUES (?, ?) ON CONFLICT (path) DO UPDATE SET value = excluded.value", path, []byte(value))
		return err
	}, nil)
}

// Delete forgets an object whose upload is complete or given up.
func (p *Parts) Delete(ctx context.Context, path string) error {
	return p.j.write(ctx, func(t *tx) error {
		_, err := t.exec("DELETE FROM part WHERE path = ?", path)
		return err
	}, nil)
}
