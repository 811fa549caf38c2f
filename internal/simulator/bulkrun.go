package simulator

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
)

// writersOfBulk is how many objects of a job are written at a time.
const writersOfBulk = 4

// bulkObject is one object that a job writes: a result of a recording by its
// number, or, with sidecar, what describes it.
type bulkObject struct {
	of     int32 // among the processed ones
	number int8
	due    int64 // Unix milliseconds
}

const sidecar = -1

// runBulk executes a job to its end and beyond, for objects may land when it is
// long over.
func (s *Server) runBulk(ctx context.Context, j *bulkJob, fails bool) {
	bucket := s.bucketOf(j.query.to)
	export := j.query.Action == "EXPORT"
	if export {
		s.bulk.strange.Do(func() { s.writeStrangers(ctx) })
	}
	var problem error
	switch {
	case fails:
		problem = errors.New("an internal error occurred while the job was processed")
	case export:
		problem = bucket.check(ctx)
	}
	var objects []bulkObject
	run := &landing{s: s, job: j, bucket: bucket, left: map[int32]int{}}
	if export && problem == nil {
		objects = run.objects()
		if s.cfg.Bulk.Landing == 0 {
			now := s.cfg.Now().UnixMilli()
			due, _ := slices.BinarySearchFunc(objects, now+1, func(o bulkObject, at int64) int { return cmp.Compare(o.due, at) })
			problem = run.land(ctx, objects[:due])
			objects = objects[due:]
		}
	}
	if !s.sleep(ctx, s.cfg.Bulk.Latency-(s.elapsed()-j.begun)) || !s.endBulk(j, problem) {
		return
	}
	_ = run.land(ctx, objects) // the job is over: nobody learns of it
}

// endBulk is false for a job that is not FULFILLED now.
func (s *Server) endBulk(j *bulkJob, problem error) bool {
	s.bulk.mu.Lock()
	defer s.bulk.mu.Unlock()
	switch {
	case j.state != jobProcessing:
		return false
	case problem != nil:
		j.state, j.errorMessage = jobFailed, problem.Error()
		return false
	}
	j.state = jobFulfilled
	return true
}

// sleep is false when ctx ended first.
func (s *Server) sleep(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return ctx.Err() == nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// landing is what a job writes.
type landing struct {
	s      *Server
	job    *bulkJob
	bucket *bucket

	mu   sync.Mutex
	left map[int32]int // objects of a recording that are not there yet
}

// objects are all that land, in the order in which they do: those that are due
// first, and with a time of landing in no order but that.
func (l *landing) objects() (list []bulkObject) {
	s, q := l.s, l.job.query
	for i, item := range l.job.plan.processed {
		if item.lost {
			continue
		}
		rec := item.recording(s.org)
		due := q.due(rec).UnixMilli()
		for n := range rec.results {
			list = append(list, bulkObject{int32(i), int8(n), due})
		}
		list = append(list, bulkObject{int32(i), sidecar, due})
		l.left[int32(i)] = rec.results + 1
	}
	if s.cfg.Bulk.Landing > 0 {
		r := random{hash(s.cfg.Seed, 'B', 'o')}
		for i := len(list) - 1; i > 0; i-- {
			k := r.below(i + 1)
			list[i], list[k] = list[k], list[i]
		}
	}
	if s.cfg.Bulk.SidecarFirst {
		sidecarsFirst(list)
	}
	slices.SortStableFunc(list, func(a, b bulkObject) int { return cmp.Compare(a.due, b.due) })
	return list
}

// sidecarsFirst changes each with the first object of its recording.
func sidecarsFirst(list []bulkObject) {
	first := map[int32]int{}
	for i, o := range list {
		at, seen := first[o.of]
		if !seen {
			first[o.of] = i
		} else if o.number == sidecar {
			list[at], list[i] = list[i], list[at]
		}
	}
}

// land writes objects, spread over the time of landing, none before it is due.
func (l *landing) land(ctx context.Context, objects []bulkObject) error {
	s, g := l.s, errgroup.Group{}
	g.SetLimit(writersOfBulk)
	begun := s.elapsed()
	for i, o := range objects {
		at := begun + s.cfg.Bulk.Landing*time.Duration(i+1)/time.Duration(len(objects))
		if !s.sleep(ctx, at-s.elapsed()) {
			break
		}
		for s.cfg.Now().UnixMilli() < o.due { // by the platform's clock, which may jump
			if !s.sleep(ctx, 20*time.Millisecond) {
				break
			}
		}
		if ctx.Err() != nil {
			break
		}
		g.Go(func() error { return l.write(ctx, o) })
	}
	return cmp.Or(g.Wait(), ctx.Err())
}

func (l *landing) write(ctx context.Context, o bulkObject) error {
	s := l.s
	rec := l.job.plan.processed[o.of].recording(s.org)
	if o.number == sidecar {
		err := l.bucket.put(ctx, s.sidecarKey(rec), "application/json", newBytes(s.sidecar(rec)))
		if err != nil {
			return err
		}
	} else {
		m := s.org.object(rec, int(o.number))
		if err := l.bucket.put(ctx, s.mediaKey(rec, int(o.number), m), m.contentType(), &mediaReader{m: m}); err != nil {
			return err
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.left[o.of]--; l.left[o.of] == 0 {
		delete(l.left, o.of)
		s.org.exported.add(rec, o.due, s.cfg.Now().UnixMilli())
	}
	return nil
}

// exported holds when recordings were exported by jobs.
type exported struct {
	mu sync.Mutex
	at map[bulkItem]exportDates
}

// exportDates are Unix milliseconds: when a recording was to be exported, and when
// it was.
type exportDates struct{ due, done int64 }

func (e *exported) add(rec recording, due, done int64) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.at == nil {
		e.at = map[bulkItem]exportDates{}
	}
	e.at[itemOf(rec)] = exportDates{due, done}
}

func (e *exported) of(rec recording) (exportDates, bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	dates, ok := e.at[itemOf(rec)]
	return dates, ok
}
