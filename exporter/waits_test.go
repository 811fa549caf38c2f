package exporter_test

import (
	"context"
	"errors"
	"iter"
	"sync"
	"testing"
	"time"

	"exitplan/exporter"
)

// jobs is a dataset whose units come before all others and mostly wait.
type jobs struct {
	mu            sync.Mutex
	running, most int
	until         <-chan struct{}
}

func (j *jobs) Info() exporter.Info {
	return exporter.Info{Name: "jobs", Class: exporter.Metrics, Group: "post"}
}
func (j *jobs) Waits() bool { return true }

func (j *jobs) Plan(_ context.Context, iv exporter.Interval) iter.Seq2[exporter.Unit, error] {
	return func(yield func(exporter.Unit, error) bool) {
		for _, day := range iv.Days() {
			if !yield(exporter.Unit{Dataset: "jobs", Key: "jobs/" + day.From.Format(time.DateOnly), Priority: -1}, nil) {
				return
			}
		}
	}
}

func (j *jobs) Run(_ context.Context, u exporter.Unit, _ *exporter.Output) (exporter.Receipt, error) {
	j.mu.Lock()
	j.running++
	j.most = max(j.most, j.running)
	j.mu.Unlock()
	defer func() { j.mu.Lock(); j.running--; j.mu.Unlock() }()
	select {
	case <-j.until:
		time.Sleep(20 * time.Millisecond)
		return exporter.Receipt{Outcome: exporter.Done}, nil
	case <-time.After(10 * time.Second):
		return exporter.Receipt{}, errors.New("nothing else was done meanwhile")
	}
}

// What waits for the platform leaves half of the places to what does not.
func TestUnitsThatWaitKeepNoOthersFromRunning(t *testing.T) {
	others := make(chan struct{})
	var done int
	l := &letters{}
	l.run = func(context.Context, exporter.Unit, *exporter.Output) error {
		l.mu.Lock()
		defer l.mu.Unlock()
		if done++; done == 20 {
			close(others)
		}
		return nil
	}
	j := &jobs{until: others}
	cfg, journal := setUp(t, j, l)
	cfg.Units = 4
	if err := exporter.Run(t.Context(), cfg); err != nil {
		t.Fatal(err)
	}
	if got := tally(t, journal); got.Done != 30 {
		t.Fatalf("tally %+v", got)
	}
	if j.most != 4 {
		t.Errorf("%d of 4 places were used at the end, with nothing else to do", j.most)
	}
}
