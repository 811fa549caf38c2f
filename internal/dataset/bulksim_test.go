package dataset

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"exitplan/exporter"
	"exitplan/internal/genesys"
	"exitplan/internal/journal"
	"exitplan/internal/simulator"
	"exitplan/internal/sink"
	"exitplan/internal/sink/s3server"
)

// takers run a piece and take what landed.
type takers struct {
	pieces
	conversations []recorded
	media         map[string]string // recordings by digest
}

func (d *takers) Run(ctx context.Context, u exporter.Unit, out *exporter.Output) (exporter.Receipt, error) {
	receipt, err := d.pieces.Run(ctx, u, out)
	if err != nil {
		return receipt, err
	}
	bucket, _ := out.Neighbour()
	found, err := d.jobs.read(ctx, bucket, d.conversations)
	for _, c := range found {
		for id, w := range c.Recordings {
			for i, from := range w.Media {
				a, err := out.Take(ctx, from, exporter.Object{Path: fmt.Sprintf("bags/recordings-2026-03/data/%s-%d", id, i), Size: -1})
				if err != nil {
					return receipt, err
				}
				a.Dataset, a.Item, a.Records = RecordingsName, id, 1
				receipt.Artifacts = append(receipt.Artifacts, a)
				d.media[a.SHA256] = id
			}
		}
	}
	return receipt, err
}

// The whole way against the simulator and a real bucket: a job that fails first,
// slots that are taken, objects that land late and some that never do.
func TestJobsOfTheSimulator(t *testing.T) {
	server, err := s3server.Run(t.Context(), s3server.Options{Dir: t.TempDir(), Bucket: "recordings"})
	if err != nil {
		t.Skipf("recording jobs are not tried: there is no S3 server: %v", err)
	}
	t.Cleanup(server.Stop)
	server.Setenv(t)
	sim, err := simulator.Start(t.Context(), simulator.Config{
		Days: 2, ConversationsPerDay: 30, MediaBytes: 2 << 10, RequestsPerMinute: -1,
		Bulk: simulator.Bulk{
			Bucket: server.Bucket, Endpoint: server.Endpoint, Region: server.Region, PathStyle: true, AccessKey: server.AccessKey, Secret: server.SecretKey,
			Latency: 5 * time.Millisecond, Landing: 300 * time.Millisecond, LostShare: 0.1, FailedShare: 0.1, FailJobs: 1,
			Busy: 2, BusyFor: 200 * time.Millisecond, Strangers: 3,
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { sim.Close() })
	client, err := genesys.New(genesys.Config{
		Region: "ap-northeast-1", APIURL: sim.URL(), LoginURL: sim.URL(), ClientID: "demo-client", ClientSecret: "demo-secret",
		RequestsPerMinute: 600_000, Now: time.Now,
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := CheckIntegration(t.Context(), client, sim.Integration(), server.Bucket); err != nil {
		t.Error(err)
	}
	dest, err := sink.Open(t.Context(), sink.Config{URL: server.URL() + "/exit", Root: "x", Region: server.Region, Endpoint: server.Endpoint, PathStyle: true})
	if err != nil {
		t.Fatal(err)
	}
	answer, err := client.Get(t.Context(), "/api/v2/organizations/me", nil)
	if err != nil {
		t.Fatal(err)
	}
	organization := text(answer, "id")
	if err := CheckFolder(t.Context(), dest, organization); err != nil {
		t.Error(err)
	}
	j, err := journal.Open(t.Context(), t.TempDir(), journal.Options{Now: time.Now, Command: "test"})
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	d := &takers{pieces: pieces{
		now: time.Now(), outcomes: map[string]JobOutcome{},
		jobs: &RecordingJobs{
			API: Clients{client}, Integration: sim.Integration(), Organization: organization,
			Patience: 500 * time.Millisecond, pause: 50 * time.Millisecond,
		},
	}, media: map[string]string{}}
	for c := range sim.Truth().Conversations() {
		raw, _ := json.Marshal(map[string]any{"conversationId": c.ID, "conversationStart": c.Start})
		d.conversations = append(d.conversations, readConversation(raw).summary())
	}
	err = exporter.Run(t.Context(), exporter.Config{
		Datasets: []exporter.Dataset{d}, Interval: exporter.Interval{From: date("2026-03-01"), To: date("2026-03-03")}, Journal: j, Sink: dest, Open: dest.Open, Gate: open{},
		Clock: exporter.NewClock(time.Now, time.Time{}), Pause: time.Millisecond,
	})
	if err != nil {
		t.Fatal(err)
	}
	o := d.outcomes["recordings/jobs/2026-03-01-2026-03-03"]
	if !o.Fulfilled || o.Landed == 0 || o.Landed >= o.Totals.Processed || o.Listed != o.Totals.Failed {
		t.Errorf("%+v", o)
	}
	there, lost := 0, 0
	for r := range sim.Truth().Recordings() {
		for _, m := range r.Results {
			if d.media[m.SHA256] == r.ID {
				there++
			} else {
				lost++
			}
		}
	}
	if int64(there) < o.Landed || there == 0 || lost == 0 {
		t.Errorf("%d media of %d recordings were taken, %d are absent", there, o.Landed, lost)
	}
	if jobs := sim.Truth().BulkJobs(); len(jobs) != 2 {
		t.Errorf("jobs made: %+v", jobs)
	}
}
