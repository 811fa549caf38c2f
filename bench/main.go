// Command bench measures an export of recordings: throughput against rclone
// and against a bare loop of GET, SHA-256 and PUT in the same run, or peak
// memory, or the API calls of an export of everything, or of recordings.
// bench/README.md says what the figures mean.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"time"

	"exitplan/internal/sink/s3server"
)

type options struct {
	recordings, rounds, transfers int
	bytes                         int64 // mean size of a recording's media
	memory, toDir, calls, plan    bool
	users, queues, recorded, days int
	forecasts                     int
	seed                          uint64
	latency                       time.Duration // of jobs and batch requests
	dir, store, program           string
}

func main() {
	log.SetFlags(0)
	if len(os.Args) > 1 && os.Args[1] == "bare" {
		if err := bareLoop(context.Background(), os.Stdin); err != nil {
			log.Fatal("bare loop: ", err)
		}
		return
	}
	var o options
	flag.IntVar(&o.recordings, "n", 4000, "recordings, about")
	flag.Int64Var(&o.bytes, "bytes", 64<<10, "mean size of a recording")
	flag.IntVar(&o.rounds, "rounds", 5, "rounds of each contestant, interleaved")
	flag.IntVar(&o.transfers, "transfers", 32, "transfers at once, of each contestant")
	flag.BoolVar(&o.memory, "memory", false, "measure the exporter alone, for its peak memory")
	flag.BoolVar(&o.toDir, "dir", false, "with -memory: export to a directory instead of the S3 server")
	flag.BoolVar(&o.calls, "calls", false, "count API calls of an export of everything: -n is the number of conversations")
	flag.BoolVar(&o.plan, "plan", false, "time a plan of an organization: -n is the number of conversations, over five years")
	flag.IntVar(&o.recorded, "recordings", 0, "with -calls: of details and recordings alone instead, of so many recorded conversations")
	flag.IntVar(&o.days, "days", 25, "days, with -calls")
	flag.DurationVar(&o.latency, "latency", 200*time.Millisecond, "of details jobs and batch requests, with -recordings")
	flag.IntVar(&o.users, "users", 500, "users, with -calls")
	flag.IntVar(&o.queues, "queues", 100, "queues, with -calls")
	flag.StringVar(&o.dir, "tmp", os.TempDir(), "`DIR` below which the exporter keeps its state while it runs")
	flag.StringVar(&o.store, "store", "", "`DIR` below which the S3 server keeps its objects, e.g. /dev/shm; default that of -tmp")
	flag.StringVar(&o.program, "program", "", "measure this exitplan instead of building one")
	flag.IntVar(&o.forecasts, "forecast", 0, "hold forecasts against runs in virtual time, so many of each size")
	flag.Uint64Var(&o.seed, "seed", 1, "of the runs, with -forecast")
	flag.Parse()
	if o.forecasts > 0 {
		if err := printForecasts(os.Stdout, o.forecasts, o.seed); err != nil {
			log.Fatal(err)
		}
		return
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, o); err != nil {
		stop()
		log.Fatal("bench: ", err)
	}
}

func run(ctx context.Context, o options) error {
	dir, err := os.MkdirTemp(o.dir, "exitplan-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if o.program == "" {
		o.program = filepath.Join(dir, "exitplan")
		if out, err := exec.CommandContext(ctx, "go", "build", "-o", o.program, "./cmd/exitplan").CombinedOutput(); err != nil {
			return fmt.Errorf("build: %w\n%s", err, out)
		}
	}
	switch {
	case o.plan:
		_, _, err := planOf(ctx, o.program, dir, o.recordings, os.Stdout)
		return err
	case o.calls && o.recorded > 0:
		_, err := countPull(ctx, o.program, dir, pullOf{o.recorded, o.days, o.latency}, os.Stdout)
		return err
	case o.calls:
		_, err := countCalls(ctx, o.program, dir, callsOf{o.users, o.queues, o.recordings, o.days}, os.Stdout)
		return err
	}
	store := dir
	if o.store != "" {
		if store, err = os.MkdirTemp(o.store, "exitplan-bench-"); err != nil {
			return err
		}
		defer os.RemoveAll(store)
	}
	server, err := s3server.Run(ctx, s3server.Options{Dir: filepath.Join(store, "s3")})
	if err != nil {
		return err
	}
	defer server.Stop()
	b := &bench{options: o, dir: dir, store: store, server: server}
	if o.memory {
		return b.peak(ctx)
	}
	return b.compare(ctx)
}

// bench is the surroundings of all contestants: one S3 server, one machine.
type bench struct {
	options
	dir, store string
	server     *s3server.Server
}

// bucket is where the server keeps its objects, as plain files.
func (b *bench) bucket() string { return filepath.Join(b.store, "s3", "buckets", b.server.Bucket) }

// clear removes what a contestant stored, and lets the disk come to rest, so
// that nobody pays for the writes of the one before.
func (b *bench) clear(prefix string) error {
	if err := os.RemoveAll(filepath.Join(b.bucket(), prefix)); err != nil {
		return err
	}
	_ = exec.Command("sync").Run() // where there is none, the figures scatter more
	return nil
}

// env is the environment of a contestant that takes the AWS default chain.
func (b *bench) env() []string {
	env := os.Environ()
	for _, kv := range b.server.Env() {
		env = append(env, kv[0]+"="+kv[1])
	}
	return env
}
