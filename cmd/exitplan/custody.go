package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/urfave/cli/v2"

	"exitplan/exporter"
	"exitplan/internal/config"
	"exitplan/internal/dataset"
	"exitplan/internal/genesys"
	"exitplan/internal/journal"
	"exitplan/internal/ledger"
)

// Where the export keeps its own state in the destination; in no bag.
const (
	markerPath = "state/export.json"
	backupPath = "state/journal.db.gz"
)

var errEOF = io.EOF

// freeze holds the settings against those of the first run, and chooses how
// the export is laid out if this is the first.
func (s *session) freeze(ctx context.Context, c *cli.Context) (exporter.Layout, error) {
	frozen, err := s.journal.Settings(ctx)
	if err != nil {
		return exporter.Layout{}, err
	}
	period := c.String("bag-period")
	switch {
	case frozen["bag_period"] != "" && !c.IsSet("bag-period"):
		period = frozen["bag_period"]
	case period == "auto":
		if period, err = s.bagPeriod(ctx); err != nil {
			return exporter.Layout{}, err
		}
	case period != exporter.Month && period != exporter.Day && period != exporter.Hour:
		return exporter.Layout{}, usage(fmt.Errorf("--bag-period %q: write auto, month, day or hour", period))
	}
	layout := exporter.Layout{Period: period, Parquet: frozenLayout(frozen).Parquet}
	if c.IsSet("parquet") {
		layout.Parquet = c.Bool("parquet")
	}
	settings := s.settings(layout)
	if was := frozen["organization"]; was != "" && was != s.org.ID {
		return exporter.Layout{}, usage(fmt.Errorf("the state directory %s belongs to organization %s, these credentials to %s (%s): "+
			"use another state directory for each organization", s.cfg.State, was, s.org.ID, s.org.Name))
	}
	if len(frozen) == 0 {
		// A destination that cannot be written to must not be frozen.
		if err := s.claim(ctx); err != nil {
			return exporter.Layout{}, err
		}
	}
	return layout, s.hold(ctx, c, settings)
}

// frozenLayout is the layout of the first run. What flags chose is not in the
// configuration, so that a later run needs none of them.
func frozenLayout(frozen map[string]string) exporter.Layout {
	return exporter.Layout{Period: frozen["bag_period"], Parquet: frozen["parquet"] != ""}
}

// hold holds settings against the frozen ones; with --amend it accepts those
// that differ.
func (s *session) hold(ctx context.Context, c *cli.Context, settings map[string]string) error {
	err := s.journal.Freeze(ctx, settings)
	var changed *journal.SettingsChanged
	switch {
	case !errors.As(err, &changed):
		return err
	case !c.Bool("amend"):
		return usage(err)
	}
	if err := s.stays(ctx, changed); err != nil {
		return err
	}
	return s.journal.Amend(ctx, settings)
}

// settings are those that are frozen.
func (s *session) settings(layout exporter.Layout) map[string]string {
	settings := s.cfg.Frozen()
	settings["organization"], settings["organization.name"] = s.org.ID, s.org.Name
	settings["export_id"], settings["bag_period"] = s.exportID(), layout.Period
	if layout.Parquet { // else absent, as before there was a choice
		settings["parquet"] = "true"
	}
	s.rehearsal.settings(settings)
	return settings
}

// stays refuses to move an export that has stored something: what it stored
// would be missing at the new place, unnoticed. Nor can one that did not read
// the metadata of its recordings, or made no tables, become one that did.
func (s *session) stays(ctx context.Context, changed *journal.SettingsChanged) error {
	tally, err := s.journal.Tally(ctx)
	if err != nil || tally.Total.Artifacts == 0 {
		return err
	}
	for _, c := range changed.Changed {
		switch {
		case c.Key == "recordings.metadata" && c.Was == config.MetadataDerived,
			c.Key == "destination.url", c.Key == "export_id", c.Key == "layout", c.Key == "bag_period", c.Key == "parquet":
			return usage(fmt.Errorf("%s was %q and is now %q, but %s objects are stored by the first: restore it, "+
				"or begin another export with a state directory of its own", c.Key, c.Was, c.Now, count(tally.Total.Artifacts)))
		}
	}
	return nil
}

// A bag should not pass so many files (design: 500,000); a recorded
// conversation makes a little over two.
const (
	bagFiles         = 500_000
	filesPerRecorded = 3
	recordedAtMost   = 0.8
)

// bagPeriod estimates from a few days' counts how long a bag's period may be.
func (s *session) bagPeriod(ctx context.Context) (string, error) {
	if !s.reads() {
		return exporter.Month, nil
	}
	if !s.mayRead() { // nor count; a day is short enough for almost everybody
		return exporter.Day, s.windowNow()
	}
	iv := s.wanted()
	days := iv.Days()
	const samples = 4
	var busiest int64
	for i := range min(samples, len(days)) {
		day := days[i*len(days)/samples]
		if i*len(days)/samples >= len(days) {
			break
		}
		n, err := dataset.CountStarted(ctx, s.clients[0], day)
		if errors.Is(err, genesys.ErrPermission) {
			return exporter.Month, nil // nothing is stored that there could be much of
		}
		if err != nil {
			return "", fmt.Errorf("count conversations of a sample day: %w", err)
		}
		if s.counted == nil {
			s.counted = map[time.Time]int64{}
		}
		s.counted[day.From.UTC()] = n
		busiest = max(busiest, n)
	}
	daily := float64(busiest) * recordedAtMost * filesPerRecorded
	switch {
	case daily*31 <= bagFiles:
		return exporter.Month, nil
	case daily <= bagFiles:
		return exporter.Day, nil
	}
	return exporter.Hour, nil
}

// claim marks the destination as this export's, so that no other export is
// mixed into it. Once something is stored the mark must be there: a disk that
// is not mounted, or another server, would look like an empty destination.
func (s *session) claim(ctx context.Context) error {
	tally, err := s.journal.Tally(ctx)
	if err != nil {
		return err
	}
	text, err := json.MarshalIndent(map[string]string{
		"export": s.journal.ID(), "organization": s.org.ID, "export_id": s.exportID(),
	}, "", "  ")
	if err != nil {
		return err
	}
	// Read first: a store that heeds no conditions would let it be overwritten.
	mark, err := s.mark(ctx)
	n := tally.Total.Artifacts
	switch {
	case err == nil && bytes.Equal(mark, text):
		return nil
	case err == nil:
		return s.taken()
	case errors.Is(err, fs.ErrNotExist) && n > 0:
		return usage(fmt.Errorf("%s does not hold this export (there is no %s), although %s objects of it are stored: "+
			"is the disk mounted, and are destination.url and endpoint those of the first run?", s.dest.URL(), markerPath, count(n)))
	case n > 0:
		return err
	}
	_, err = s.dest.Put(ctx, exporter.Object{Path: markerPath, Size: int64(len(text)), ContentType: "application/json"}, bytes.NewReader(text))
	if errors.Is(err, exporter.ErrConflict) {
		return s.taken()
	}
	return err
}

// mark reads what marks the destination as an export's.
func (s *session) mark(ctx context.Context) ([]byte, error) {
	body, err := s.dest.Open(ctx, markerPath)
	if err != nil {
		return nil, err
	}
	defer body.Close()
	return io.ReadAll(io.LimitReader(body, 64<<10))
}

// owns says whether the destination is that of a journal's export: fs.ErrNotExist
// where it holds none.
func (s *session) owns(ctx context.Context, j *journal.Journal) error {
	mark, err := s.mark(ctx)
	var owner struct{ Export string }
	if err == nil {
		err = json.Unmarshal(mark, &owner)
	}
	if err == nil && owner.Export != j.ID() {
		err = s.taken()
	}
	return err
}

func (s *session) taken() error {
	return usage(fmt.Errorf("%s already holds another export: go on with the state directory that it was made with, "+
		"fetch its journal with --resume-from-destination into an empty one, or choose another export_id", s.dest.URL()))
}

// sealedBefore says whether the export was finished once: then its root bag is
// there, and must fit whatever is sealed later.
func (s *session) sealedBefore(ctx context.Context) (bool, error) {
	for e, err := range s.journal.Events(ctx) {
		if err != nil || e.Kind == "sealed" {
			return err == nil, err
		}
	}
	return false, nil
}

// backup copies the journal to the destination, so that losing this machine
// does not lose the export.
func (s *session) backup(ctx context.Context) (err error) {
	// The ledger first: the journal's copy must know of no entry that it lacks.
	told := s.syncLedger(ctx)
	if told != nil && !errors.Is(told, ledger.ErrTampered) {
		return told
	}
	dir, err := os.MkdirTemp("", "exitplan-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	copied := filepath.Join(dir, "journal.db")
	if err := s.journal.Snapshot(ctx, copied); err != nil {
		return err
	}
	plain, err := os.Open(copied)
	if err != nil {
		return err
	}
	defer plain.Close()
	packed, err := os.Create(filepath.Join(dir, "journal.db.gz"))
	if err != nil {
		return err
	}
	defer packed.Close()
	zip := gzip.NewWriter(packed)
	if _, err := io.Copy(zip, plain); err != nil {
		return err
	}
	if err := zip.Close(); err != nil {
		return err
	}
	size, err := packed.Seek(0, io.SeekCurrent)
	if err != nil {
		return err
	}
	if _, err := packed.Seek(0, io.SeekStart); err != nil {
		return err
	}
	_, err = s.dest.Put(ctx, exporter.Object{Path: backupPath, Size: size, ContentType: "application/gzip", Replace: exporter.Always}, packed)
	if err != nil {
		return fmt.Errorf("copy the journal to the destination: %w", err)
	}
	return errors.Join(told, s.copyProtected(ctx))
}

// fetchJournal puts the destination's copy of the journal into an empty state
// directory.
func (s *session) fetchJournal(ctx context.Context) (err error) {
	target := filepath.Join(s.cfg.State, "journal.db")
	// A write-ahead log left alone would be played into the copy.
	for _, name := range []string{target, target + "-wal", target + "-shm"} {
		if _, err := os.Stat(name); !errors.Is(err, fs.ErrNotExist) {
			return usage(fmt.Errorf("%s exists already: --resume-from-destination is for a machine without a journal", name))
		}
	}
	if s.cfg.ExportID == "" {
		if err := s.identify(ctx); err != nil {
			return err
		}
	}
	if err := s.openDestination(ctx, nil); err != nil {
		return err
	}
	body, err := s.dest.Open(ctx, backupPath)
	if err != nil {
		return fmt.Errorf("the destination has no copy of a journal: %w", err)
	}
	defer body.Close()
	zip, err := gzip.NewReader(body)
	if err != nil {
		return fmt.Errorf("copy of the journal: %w", err)
	}
	if err := os.MkdirAll(s.cfg.State, 0o700); err != nil {
		return err
	}
	aside, err := os.MkdirTemp(s.cfg.State, "fetched-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(aside)) }()
	fetched := filepath.Join(aside, "journal.db")
	file, err := os.OpenFile(fetched, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	if _, err := io.Copy(file, zip); err != nil {
		return errors.Join(fmt.Errorf("copy of the journal: %w", err), file.Close())
	}
	if err := errors.Join(file.Sync(), file.Close()); err != nil {
		return err
	}
	if err := s.doubt(ctx, aside); err != nil {
		return fmt.Errorf("copy of the journal: %w", err)
	}
	if err := s.fetchLedger(ctx); err != nil {
		return fmt.Errorf("copy of the ledger of extensions: %w", err)
	}
	if err := s.fetchProtected(ctx); err != nil {
		return fmt.Errorf("copy of %s: %w", protectedFile, err)
	}
	return os.Rename(fetched, target)
}

// doubt lets a copied journal doubt what it says of the bags: the destination
// may have gone on since it was copied there.
func (s *session) doubt(ctx context.Context, dir string) error {
	j, err := journal.Open(ctx, dir, journal.Options{Now: func() time.Time { return s.clock.Now() }, Command: "export"})
	if err != nil {
		return err
	}
	return errors.Join(j.Doubt(ctx), j.Close())
}
