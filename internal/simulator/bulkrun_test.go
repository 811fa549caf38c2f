package simulator

import (
	"io"
	"slices"
	"testing"
	"testing/iotest"
	"time"
)

// Objects land in no order, and each recording's metadata first where that is
// wanted, and last where nothing takes time.
func TestOrderOfLanding(t *testing.T) {
	for _, first := range []bool{false, true} {
		for _, time := range []time.Duration{0, time.Hour} {
			s, err := Start(t.Context(), Config{SeveralResultsShare: 0.5, Bulk: Bulk{Landing: time, SidecarFirst: first}})
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			plan := s.planBulk(bulkQuery{sel: selection{to: 1 << 60}})
			l := &landing{s: s, job: &bulkJob{plan: plan}, left: map[int32]int{}}
			l.job.query.ActionDate = &s.cfg.From
			list := l.objects()
			places, ordered := map[bulkObject]int{}, slices.IsSortedFunc(list, func(a, b bulkObject) int { return int(a.of - b.of) })
			for i, o := range list {
				places[o] = i
			}
			before, after := 0, 0
			for i, o := range list {
				if o.number == sidecar {
					continue
				}
				if o.number = sidecar; places[o] < i {
					before++
				} else {
					after++
				}
			}
			if len(places) != len(list) || len(l.left) != len(plan.processed) || ordered == (time > 0) {
				t.Errorf("%v in %v: %d objects of %d recordings, in order %v", first, time, len(list), len(l.left), ordered)
			}
			if first && after > 0 || !first && time == 0 && before > 0 || !first && time > 0 && (before == 0 || after == 0) {
				t.Errorf("%v in %v: metadata comes before %d and after %d media", first, time, before, after)
			}
		}
	}
}

func TestMediaReader(t *testing.T) {
	o := testOrg(t, Config{MediaBytes: 3000})
	c := o.conversation(0, 0)
	for index := 0; !c.flagged; index++ {
		c = o.conversation(0, index)
	}
	m := o.object(o.recordings(c)[0], 0)
	r := &mediaReader{m: m}
	want, err := io.ReadAll(r)
	if err != nil || int64(len(want)) != m.size() {
		t.Fatalf("%d bytes of %d: %v", len(want), m.size(), err)
	}
	if _, err := r.Seek(0, io.SeekStart); err != nil {
		t.Fatal(err)
	}
	if err := iotest.TestReader(r, want); err != nil {
		t.Error(err)
	}
	if _, err := r.Seek(-1, io.SeekStart); err == nil {
		t.Error("it seeks before the start")
	}
}
