package journal

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"exitplan/exporter"
)

// BenchmarkCommit measures durable receipts of one recording each (media and
// its sidecar, one expectation), by number of concurrent callers.
func BenchmarkCommit(b *testing.B) {
	for _, callers := range []int{1, 8, 40} {
		b.Run(fmt.Sprintf("callers=%d", callers), func(b *testing.B) {
			j := openTest(b, b.TempDir())
			var units []exporter.Unit
			for c := range callers {
				units = append(units, unit(fmt.Sprintf("u%02d", c)))
			}
			must(b, j.Add(b.Context(), units))
			var n atomic.Int64
			var group sync.WaitGroup
			b.ResetTimer()
			for c := range callers {
				group.Go(func() {
					for i := n.Add(1); i <= int64(b.N); i = n.Add(1) {
						if err := j.Commit(context.Background(), recording(units[c].Key, i)); err != nil {
							b.Error(err)
							return
						}
					}
				})
			}
			group.Wait()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "receipts/s")
		})
	}
}

// recording is the receipt of the i-th recording, with names of real length.
func recording(unit string, i int64) exporter.Receipt {
	conversation := fmt.Sprintf("%08x-7f3a-4d1e-9a2b-0123456789ab", uint32(i*2654435761))
	id := fmt.Sprintf("%08x-1111-4222-8333-abcdef012345", i)
	dir := fmt.Sprintf("recordings/year=2026/month=03/day=%02d/hour=05/conversation_id=%s/%s", 1+i/100_000, conversation, id)
	media, sidecar := artifact(dir+".ogg", conversation+"/"+id, id), artifact(dir+"_metadata.json", "", id)
	media.Source = "/api/v2/recordings/batchrequests/" + conversation
	media.Attest = exporter.Attestation{Level: "full-sha256", Value: "nXRAxVFqbsJdXW6iIDm9Nn+p3SO2yVdsKZ4tGQHxVIE=", ETag: `"5d41402abc4b2a76b9719d911017c592"`}
	sidecar.Attest, sidecar.Records = media.Attest, 0
	return exporter.Receipt{
		Unit: unit, Artifacts: []exporter.Artifact{media, sidecar},
		Expected: []exporter.Expectation{{Dataset: "recordings", Item: media.Item, Count: 1, Source: "batch-request"}},
	}
}

// BenchmarkResume opens a journal of a million finished units and takes the
// first pending one. EXITPLAN_BENCH_JOURNAL names a directory in which the
// journals are kept between runs.
func BenchmarkResume(b *testing.B) {
	for _, size := range []int{10_000, 1_000_000} {
		b.Run(fmt.Sprintf("done=%d", size), func(b *testing.B) {
			dir := filled(b, size)
			for b.Loop() {
				j, err := Open(b.Context(), dir, options())
				must(b, err)
				_, err = j.Reopen(b.Context())
				must(b, err)
				_, err = j.Next(b.Context(), nil)
				must(b, err)
				b.StopTimer()
				must(b, j.Close())
				b.StartTimer()
			}
		})
	}
}

// BenchmarkTally and BenchmarkSnapshot run on a million units and recordings.
func BenchmarkTally(b *testing.B) {
	j := openTest(b, filled(b, 1_000_000))
	for b.Loop() {
		tally(b, j)
	}
}

func BenchmarkSnapshot(b *testing.B) {
	j := openTest(b, filled(b, 1_000_000))
	path := filepath.Join(b.TempDir(), "copy.db")
	for b.Loop() {
		must(b, j.Snapshot(b.Context(), path))
	}
	if fi, err := os.Stat(path); err == nil {
		b.ReportMetric(float64(fi.Size())/1e6, "MB")
	}
}

func BenchmarkArtifacts(b *testing.B) {
	j := openTest(b, filled(b, 1_000_000))
	n := 0
	for b.Loop() {
		for _, err := range j.Artifacts(b.Context(), "bags/recordings-2026-03") {
			must(b, err)
			n++
		}
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "artifacts/s")
}

// filled is the state directory of a journal with so many finished units of
// one recording each, and a few pending ones.
func filled(b *testing.B, size int) string {
	b.Helper()
	root := os.Getenv("EXITPLAN_BENCH_JOURNAL")
	if root == "" {
		root = b.TempDir()
	}
	dir := filepath.Join(root, fmt.Sprintf("journal-%d", size))
	if _, err := os.Stat(filepath.Join(dir, "ready")); err == nil {
		return dir
	}
	j := openTest(b, dir)
	const batch = 5000
	for from := 0; from < size; from += batch {
		err := j.write(b.Context(), func(t *tx) error {
			for i := from; i < min(from+batch, size); i++ {
				key := fmt.Sprintf("recordings/2026-03-04/%07d", i)
				r := recording(key, int64(i))
				r.Outcome = exporter.Done
				places, err := check(r)
				if err == nil {
					err = t.add(unit(key), 0)
				}
				if err == nil {
					err = t.commit(r, places, 0)
				}
				if err != nil {
					return err
				}
			}
			return nil
		}, nil)
		must(b, err)
	}
	must(b, j.Add(b.Context(), []exporter.Unit{unit("left/1"), unit("left/2")}))
	must(b, j.Close())
	must(b, os.WriteFile(filepath.Join(dir, "ready"), nil, 0o600))
	return dir
}
