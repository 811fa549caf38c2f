package journal

import (
	"context"
	"database/sql"
	"errors"
	"sync/atomic"
)

// batchSize bounds how many operations share a transaction. Waiting for more
// than are queued would only add delay.
const batchSize = 500

// The states of an operation's answer.
const (
	awaited   = iota // the caller waits
	answered         // the writer answered
	abandoned        // the caller left
)

// operation is one caller's part of a transaction.
type operation struct {
	do func(*tx) error
	// undo follows in the next transaction when do was committed but its
	// caller has left, so that a result nobody received has no effect.
	undo   func(*tx) error
	err    error
	done   chan struct{}
	answer atomic.Int32
}

// writer owns the one connection that writes, and the goroutine that uses it.
type writer struct {
	path    string
	db      *sql.DB
	queue   chan *operation
	stop    chan struct{}
	stopped chan struct{}

	// Owned by the goroutine once it runs.
	conn  *sql.Conn
	stmts map[string]*sql.Stmt
	names names
	fatal error // set after an unknown outcome: every later operation fails
}

func newWriter(ctx context.Context, path string, steps []string) (*writer, error) {
	syncing()
	db, err := sql.Open("sqlite", dsn(path, "rw"))
	if err != nil {
		return nil, explain("open", path, err)
	}
	w := &writer{
		path:    path,
		db:      db,
		queue:   make(chan *operation),
		stop:    make(chan struct{}),
		stopped: make(chan struct{}),
		stmts:   map[string]*sql.Stmt{},
		names:   newNames(),
	}
	if err := w.prepare(ctx, steps); err != nil {
		db.Close()
		return nil, err
	}
	go w.run()
	return w, nil
}

// prepare looks at the file before anything is written to it, then makes it a
// WAL database of the newest schema.
func (w *writer) prepare(ctx context.Context, steps []string) (err error) {
	if w.conn, err = w.db.Conn(ctx); err != nil {
		return explain("open", w.path, err)
	}
	version, err := inspect(ctx, w.conn, w.path)
	if err != nil {
		return err
	}
	if version > len(steps) {
		return newerSchema(w.path, version, len(steps))
	}
	// journal_size_limit cuts the WAL back after a long reader made it grow.
	const settings = `
		PRAGMA journal_mode = WAL;
		PRAGMA synchronous = FULL;
		PRAGMA cache_size = -32768;
		PRAGMA wal_autocheckpoint = 2000;
		PRAGMA journal_size_limit = 67108864;`
	if _, err := w.conn.ExecContext(ctx, settings); err != nil {
		return explain("open", w.path, err)
	}
	return migrate(ctx, w.conn, w.path, version, steps)
}

// close ends the goroutine after the batch under way and folds the WAL in.
func (w *writer) close() error {
	close(w.stop)
	<-w.stopped
	var errs []error
	if w.fatal == nil {
		_, err := w.conn.ExecContext(context.Background(), "PRAGMA wal_checkpoint(TRUNCATE)")
		errs = append(errs, err)
	}
	for _, s := range w.stmts {
		errs = append(errs, s.Close())
	}
	return errors.Join(append(errs, w.conn.Close(), w.db.Close())...)
}

// write runs do in a transaction shared with whoever else waits, and returns
// once that is durable. When ctx ends first it returns the context's cause,
// although do may have been committed; undo, if not nil, then takes it back.
func (j *Journal) write(ctx context.Context, do, undo func(*tx) error) error {
	if j.writer == nil {
		return ErrReadOnly
	}
	w := j.writer
	o := &operation{do: do, undo: undo, done: make(chan struct{})}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	select {
	case w.queue <- o:
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-w.stop:
		return ErrClosed
	}
	select {
	case <-o.done:
		return o.err
	case <-ctx.Done():
	}
	if o.answer.CompareAndSwap(awaited, abandoned) {
		return context.Cause(ctx)
	}
	<-o.done
	return o.err
}

// run serves the queue until the writer is closed.
func (w *writer) run() {
	defer close(w.stopped)
	for {
		select {
		case o := <-w.queue:
			w.serve(w.fill(o))
		case <-w.stop:
			return
		}
	}
}

// fill takes what is queued by now, up to a batch.
func (w *writer) fill(first *operation) []*operation {
	batch := []*operation{first}
	for len(batch) < batchSize {
		select {
		case o := <-w.queue:
			batch = append(batch, o)
		default:
			return batch
		}
	}
	return batch
}

// serve commits a batch and answers its callers.
func (w *writer) serve(batch []*operation) {
	err := w.commit(batch)
	var undo []*operation
	for _, o := range batch {
		if err != nil {
			o.err = err
		}
		if !o.answer.CompareAndSwap(awaited, answered) && o.err == nil && o.undo != nil {
			undo = append(undo, &operation{do: o.undo, done: make(chan struct{})})
		}
		close(o.done)
	}
	if len(undo) > 0 {
		w.serve(undo)
	}
}

// commit runs a batch in one transaction. An operation that fails is rolled
// back alone and has its error; the returned error is the whole batch's.
func (w *writer) commit(batch []*operation) error {
	if w.fatal != nil {
		return w.fatal
	}
	if err := w.exec("BEGIN IMMEDIATE"); err != nil {
		return w.failed(err)
	}
	for _, o := range batch {
		if o.answer.Load() == abandoned {
			o.err = context.Canceled
			continue
		}
		if o.err = w.attempt(o.do); o.err != nil && ends(o.err) {
			w.rollback()
			return w.failed(o.err)
		}
	}
	if err := w.exec("COMMIT"); err != nil {
		w.rollback()
		return w.failed(err)
	}
	return nil
}

// attempt runs one operation inside the transaction, all or nothing.
func (w *writer) attempt(do func(*tx) error) error {
	if err := w.exec("SAVEPOINT operation"); err != nil {
		return err
	}
	t := &tx{w: w, counts: map[int64]*counts{}, bags: map[int64]*volume{}}
	err := do(t)
	if err == nil {
		err = t.flush()
	}
	if err != nil {
		w.names = newNames() // some may have been made here
		if ends(err) {
			return err
		}
		if undo := w.exec("ROLLBACK TO operation"); undo != nil {
			return errors.Join(undo, err)
		}
	}
	if release := w.exec("RELEASE operation"); release != nil {
		return release
	}
	return err
}

func (w *writer) rollback() {
	w.names = newNames()
	// SQLite may have rolled back by itself, which makes this an error.
	_ = w.exec("ROLLBACK")
}

// failed explains the error of a batch, and remembers one after which the
// connection cannot be trusted.
func (w *writer) failed(err error) error {
	explained := explain("write", w.path, err)
	if fatal(err) {
		w.fatal = explained
	}
	return explained
}

func (w *writer) exec(query string) error {
	s, err := w.stmt(query)
	if err != nil {
		return err
	}
	_, err = s.Exec()
	return err
}

// stmt prepares a statement at its first use.
func (w *writer) stmt(query string) (*sql.Stmt, error) {
	if s, ok := w.stmts[query]; ok {
		return s, nil
	}
	s, err := w.conn.PrepareContext(context.Background(), query)
	if err != nil {
		return nil, err
	}
	w.stmts[query] = s
	return s, nil
}
