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
	for quiet := time.Duration(0); o.Totals.Processed > 0; {
		landed, err := r.j.landed(ctx, bucket, iv)
		if err != nil {
			return err
		}
		if landed > o.Landed {
			quiet = 0
		}
		o.Landed = landed
		if landed >= o.Totals.Processed || quiet >= cmp.Or(r.j.Patience, time.Hour) {
			return nil
		}
		waited, err := looks.wait(ctx)
		if err != nil {
			return err
		}
		quiet += waited
	}
	return nil
}

// landed counts the recordings of an interval that have media in the bucket.
func (j *RecordingJobs) landed(ctx context.Context, bucket exporter.Neighbour, iv exporter.Interval) (n int64, err error) {
	for _, day := range iv.Days() {
		folder, recordings := "", map[string]bool{} // of one conversation
		for f, err := range bucket.Beside(ctx, j.dayFolder(day.From)) {
			if err != nil {
				return 0, fmt.Errorf("what the platform wrote: %w", err)
			}
			dir, name := splitKey(f.Key)
			if dir != folder {
				folder = dir
				clear(recordings)
			}
			if file := readFileName(name); file.kind == mediaFile && !recordings[file.recording] {
				recordings[file.recording] = true
				n++
			}
		}
	}
	return n, nil
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
