package dataset

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"exitplan/exporter"
)

// land waits until what the jobs processed lies in the bucket, or until
// nothing more seems to come. FULFILLED only says that it will be written.
func (r *jobRun) land(ctx context.Context, bucket exporter.Neighbour, iv exporter.Interval) error {
	o := &r.at.Outcome
	looks := r.j.pauses(5 * time.Minute)
	for quiet, before := time.Duration(0), int64(-1); o.Totals.Processed > 0; {
		landed, media, err := r.j.landed(ctx, bucket, iv)
		if err != nil {
			return err
		}
		if media > before {
			quiet = 0
		}
		o.Landed = landed
		// Nobody says how many media a recording has: of the last ones some may
		// still come when all recordings are there.
		if landed >= o.Totals.Processed && media <= before || quiet >= cmp.Or(r.j.Patience, time.Hour) {
			return nil
		}
		before = media
		waited, err := looks.wait(ctx)
		if err != nil {
			return err
		}
		quiet += waited
	}
	return nil
}

// landed counts the recordings of an interval that have media in the bucket,
// and these.
func (j *RecordingJobs) landed(ctx context.Context, bucket exporter.Neighbour, iv exporter.Interval) (n, media int64, err error) {
	for _, day := range iv.Days() {
		folder, recordings := "", map[string]bool{} // of one conversation
		for f, err := range bucket.Beside(ctx, j.dayFolder(day.From)) {
			if err != nil {
				return 0, 0, fmt.Errorf("what the platform wrote: %w", err)
			}
			dir, name := splitKey(f.Key)
			if dir != folder {
				folder = dir
				clear(recordings)
			}
			file := readFileName(name)
			if file.kind != mediaFile {
				continue
			}
			if media++; !recordings[file.recording] {
				recordings[file.recording] = true
				n++
			}
		}
	}
	return n, media, nil
}

// dayFolder is where the platform writes what started on a UTC day.
func (j *RecordingJobs) dayFolder(t time.Time) string {
	t = t.UTC()
	return fmt.Sprintf("%s/year=%04d/month=%02d/day=%02d/", j.Organization, t.Year(), t.Month(), t.Day())
}

func (j *RecordingJobs) hourFolder(t time.Time) string {
	return fmt.Sprintf("%shour=%02d/", j.dayFolder(t), t.UTC().Hour())
}

func (j *RecordingJobs) conversationFolder(c recorded) string {
	return j.hourFolder(c.Start) + "conversation_id=" + c.ID + "/"
}
