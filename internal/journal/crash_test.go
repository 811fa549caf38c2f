package journal

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"exitplan/exporter"
)

// childRole and childDir make a copy of the test binary the child of a test.
const (
	childRole = "JOURNAL_TEST_CHILD"
	childDir  = "JOURNAL_TEST_DIR"
)

func TestMain(m *testing.M) {
	var err error
	switch role := os.Getenv(childRole); role {
	case "":
		os.Exit(m.Run())
	case "commit":
		err = commitForever(os.Getenv(childDir))
	case "hold":
		err = holdLock(os.Getenv(childDir))
	default:
		err = fmt.Errorf("unknown role %q", role)
	}
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

// child starts this binary in a role and returns its standard output.
func child(t *testing.T, role, dir string) (*exec.Cmd, *bufio.Scanner) {
	t.Helper()
	exe, err := os.Executable()
	must(t, err)
	cmd := exec.Command(exe)
	cmd.Env = append(os.Environ(), childRole+"="+role, childDir+"="+dir)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	return cmd, bufio.NewScanner(out)
}

// The unit of writer w does its i-th run with step s. A receipt has this many
// artifacts, all or none of which must be there.
const crashArtifacts = 3

// commitForever runs units in four goroutines and prints what the journal has
// acknowledged: "receipt <unit> <step>" and "event <n>".
func commitForever(dir string) error {
	ctx := context.Background()
	j, err := Open(ctx, dir, options())
	if err != nil {
		return err
	}
	var (
		mu    sync.Mutex
		group sync.WaitGroup
		fails = make(chan error, 4)
		say   = func(format string, args ...any) {
			mu.Lock()
			defer mu.Unlock()
			fmt.Printf(format+"\n", args...)
		}
	)
	say("open")
	for range cap(fails) {
		group.Go(func() { fails <- work(ctx, j, say) })
	}
	return <-fails
}

// work takes units, commits ten steps of each with checkpoints, and plans the
// unit that follows it.
func work(ctx context.Context, j *Journal, say func(string, ...any)) error {
	for {
		u, err := j.Next(ctx, nil)
		if err == io.EOF {
			time.Sleep(time.Millisecond)
			continue
		}
		if err != nil {
			return err
		}
		start := 0
		if u.Checkpoint != nil {
			if start, err = strconv.Atoi(string(u.Checkpoint)); err != nil {
				return err
			}
		}
		if len(u.Stored) != start*crashArtifacts {
			return fmt.Errorf("unit %s at step %d has %d artifacts stored", u.Key, start, len(u.Stored))
		}
		for step := start; step < 10; step++ {
			r := exporter.Receipt{Unit: u.Key, Checkpoint: []byte(strconv.Itoa(step + 1))}
			for a := range crashArtifacts {
				name := fmt.Sprintf("%s/%d/%d", u.Key, step, a)
				r.Artifacts = append(r.Artifacts, artifact(name, name, name))
				r.Expected = append(r.Expected, exporter.Expectation{Item: name, Count: 1})
			}
			if step == 9 {
				n, _ := strconv.Atoi(u.Key)
				r.Outcome, r.Discovered = exporter.Done, []exporter.Unit{unit(strconv.Itoa(n + 4))}
			}
			if err := j.Commit(ctx, r); err != nil {
				return err
			}
			say("receipt %s %d", u.Key, step)
		}
		if err := j.Record(ctx, Event{Kind: "unit-done", Detail: map[string]string{"unit": u.Key}}); err != nil {
			return err
		}
		say("event %s", u.Key)
	}
}

// TestKilled kills a committing process at random instants, and finds after
// each that all it acknowledged is there, and nothing by halves.
func TestKilled(t *testing.T) {
	dir := t.TempDir()
	ctx := context.Background()
	j := openTest(t, dir)
	must(t, j.Add(ctx, []exporter.Unit{unit("0"), unit("1"), unit("2"), unit("3")}))
	must(t, j.Close())

	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 1))
	receipts, events := map[string]bool{}, map[string]bool{}
	for round := range 8 {
		cmd, lines := child(t, "commit", dir)
		if !lines.Scan() || lines.Text() != "open" {
			t.Fatalf("round %d: the child did not open the journal: %q", round, lines.Text())
		}
		// Killed after so many acknowledgements and then a moment more, in
		// which the next transaction is at any of its stages.
		after, before := 1+random.IntN(120), len(receipts)
		moment := time.Duration(random.IntN(2000)) * time.Microsecond
		for n := 0; lines.Scan(); n++ {
			if what, name, _ := strings.Cut(lines.Text(), " "); what == "receipt" {
				receipts[name] = true
			} else {
				events[name] = true
			}
			if n == after {
				time.AfterFunc(moment, func() { cmd.Process.Kill() })
			}
		}
		err := cmd.Wait()
		var exit *exec.ExitError
		if !errors.As(err, &exit) || exit.ExitCode() != -1 {
			t.Fatalf("round %d: the child ended by itself: %v", round, err)
		}
		if len(receipts) == before {
			t.Fatalf("round %d: nothing was committed", round)
		}

		j, err := Open(ctx, dir, options())
		must(t, err)
		checkAcknowledged(t, j, receipts, events)
		if t.Failed() {
			t.Fatalf("after round %d", round)
		}
		must(t, j.Close())
	}
	t.Logf("%d receipts and %d events acknowledged", len(receipts), len(events))
}

func checkAcknowledged(t *testing.T, j *Journal, receipts, events map[string]bool) {
	t.Helper()
	ctx := context.Background()
	found := map[string]int{}
	for a, err := range j.Artifacts(ctx, "bags/recordings-2026-03") {
		must(t, err)
		name := strings.Split(a.Path, "/")
		found[name[3]+" "+name[4]]++
	}
	for r := range receipts {
		if found[r] == 0 {
			t.Errorf("receipt %q was acknowledged and is lost", r)
		}
	}
	for r, n := range found {
		if n != crashArtifacts {
			t.Errorf("receipt %q has %d of its %d artifacts", r, n, crashArtifacts)
		}
	}
	chain := map[string]bool{}
	for _, e := range all(t, j.Events(ctx)) {
		chain[e.Detail["unit"]] = true
	}
	for e := range events {
		if !chain[e] {
			t.Errorf("event of unit %s was acknowledged and is lost", e)
		}
	}
	if err := j.VerifyChain(ctx); err != nil {
		t.Error(err)
	}
	if c := tally(t, j).Total; c.Running != 0 || c.Expected != c.Met || c.Pending+c.Done != int64(count(t, j, "SELECT count(*) FROM unit")) {
		t.Errorf("tally %+v", c)
	}
	checkCounters(t, j)
	if n := count(t, j, "SELECT count(*) FROM pragma_integrity_check WHERE integrity_check <> 'ok'"); n != 0 {
		t.Errorf("integrity_check finds %d faults", n)
	}
}
