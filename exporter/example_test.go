package exporter_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"time"

	"exitplan/exporter"
	"exitplan/internal/contract"
	"exitplan/internal/dataset"
	"exitplan/internal/genesys"
	"exitplan/internal/journal"
	"exitplan/internal/simulator"
	"exitplan/internal/sink"
	"exitplan/manifest"
)

// A small export from Go: a simulated organization into a directory, sealed
// and verified.
func Example() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "exitplan-example-")
	check(err)
	defer os.RemoveAll(dir)
	day := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	org, err := simulator.Start(ctx, simulator.Config{From: day, Days: 2, ConversationsPerDay: 50, RequestsPerMinute: -1})
	check(err)
	defer org.Close()

	// When may what be exported? The clock is the platform's.
	clock := exporter.NewClock(time.Now, time.Time{})
	terms := contract.Terms{
		Zone: time.UTC, Cause: contract.Notice, SubscriptionStart: day.AddDate(-5, 0, 0),
		ExitStarted: time.Now().Add(-time.Hour), Termination: time.Now().Add(time.Hour),
	}
	// Where from, where to, and what is known.
	client, err := genesys.New(genesys.Config{
		Region: "ap-northeast-1", APIURL: org.URL(), LoginURL: org.URL(),
		ClientID: "demo-client", ClientSecret: "demo-secret", RequestsPerMinute: 60_000,
		Now: time.Now, Observe: clock.Observe,
	})
	check(err)
	dest, err := sink.Open(ctx, sink.Config{URL: filepath.Join(dir, "export"), Root: "example"})
	check(err)
	state, err := journal.Open(ctx, filepath.Join(dir, "state"), journal.Options{Now: time.Now, Command: "example"})
	check(err)
	defer state.Close()

	err = exporter.Run(ctx, exporter.Config{
		Datasets: dataset.New([]string{dataset.DetailsName, dataset.RecordingsName}, dataset.Settings{
			API: dataset.Clients{client}, Layout: exporter.Layout{Period: exporter.Month}, Metadata: dataset.MetadataFull,
		}),
		Interval: exporter.Interval{From: day, To: day.AddDate(0, 0, 2)},
		Journal:  state, Sink: dest, Open: dest.Open, Gate: terms, Clock: clock,
	})
	check(err)
	check(exporter.Seal(ctx, exporter.Sealing{
		Ledger: state, Recorder: state, Sink: dest, Stock: dest,
		Info: manifest.Info{{Label: "Source-Organization", Value: "Example KK"}},
		Root: func(context.Context) ([]exporter.ControlFile, error) { return nil, nil },
	}))

	tally, err := state.Tally(ctx)
	check(err)
	result, err := manifest.Verify(ctx, dest, manifest.VerifyOptions{})
	check(err)
	fmt.Println("conversations:", tally.Datasets[dataset.DetailsName].Records)
	fmt.Println("everything expected is there:", tally.Total.Expected == tally.Total.Met)
	fmt.Println("bags:", result.Bags, "valid:", result.OK())
	// Output:
	// conversations: 100
	// everything expected is there: true
	// bags: 3 valid: true
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
