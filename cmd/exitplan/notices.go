package main

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"exitplan/exporter"
	"exitplan/internal/journal"
	"exitplan/internal/notify"
)

// How often it is looked whether there is anything to tell, and how long a run
// that has ended waits until it was told. Tests shorten both.
var (
	noticeEvery    = 30 * time.Second
	noticePatience = 30 * time.Second
)

// A verdict counts once it was the same so many times: one that comes and goes
// is no news.
const steady = 3

// notices tell others how a run goes, each change of state once. What was told
// is a custody event, from which the next run knows it. A nil notices tells
// nobody.
type notices struct {
	s      *session
	sender *notify.Sender
	run    string

	mu       sync.Mutex        // guards the rest
	told     map[string]string // verdict last told, by class
	closings map[string]bool   // told of, as class@instant
	streak   map[string]streak
	moved    progressMark
	stalled  bool
	last     notify.Event // how it stood at the last look
}

// streak is how often a class had a verdict in a row.
type streak struct {
	verdict string
	n       int
}

// progressMark is what changes when anything moves, and since when it has not.
type progressMark struct {
	sum   int64
	since time.Time
}

// notices starts to tell, where the configuration names somebody.
func (s *session) startNotices() (*notices, error) {
	n := &notices{s: s, told: map[string]string{}, closings: map[string]bool{}, streak: map[string]streak{}}
	var err error
	n.sender, err = notify.New(notify.Config{
		Webhook: s.cfg.Notify.Webhook.Reveal(), Secret: s.cfg.Notify.Secret.Reveal(), Command: s.cfg.Notify.Command,
		Agent: "exitplan/" + version, Now: time.Now, Failed: n.failed, Told: n.delivered,
	})
	if err != nil {
		return nil, usage(fmt.Errorf("notify: %w", err))
	}
	if n.sender == nil {
		return nil, nil
	}
	id := make([]byte, 8)
	if _, err := rand.Read(id); err != nil {
		return nil, err
	}
	n.run = hex.EncodeToString(id)
	return n, nil
}

// failed writes down what could not be told. It changes nothing else.
func (n *notices) failed(e notify.Event, err error) {
	said := ""
	var command *notify.CommandError
	if errors.As(err, &command) { // what it said may hold its secrets, and is for the screen alone
		said = command.Said
	}
	n.s.log.Warn("notification failed", "event", e.Kind, "error", err, "said", said)
	if n.s.journal == nil {
		return
	}
	detail := map[string]string{"event": e.Kind, "id": e.ID, "error": err.Error()}
	if err := n.s.record(context.Background(), "notification-failed", detail); err != nil {
		n.s.log.Warn("a failed notification is not in the journal", "error", err)
	}
}

// delivered writes down that a receiver got an event: what a kill kept from it is
// told again.
func (n *notices) delivered(e notify.Event) {
	if n.s.journal == nil || e.Kind == notify.Finished {
		return
	}
	if err := n.s.record(context.Background(), "notification-delivered", map[string]string{"event": e.Kind, "id": e.ID}); err != nil {
		n.s.log.Warn("a notification that arrived is not in the journal", "error", err)
	}
}

// watch looks now and then until ctx ends, and returns what waits for its end.
func (n *notices) watch(ctx context.Context) (wait func()) {
	if n == nil {
		return func() {}
	}
	if err := n.recall(ctx); err != nil {
		n.s.log.Warn("what was told before is not known", "error", err)
	}
	n.moved.since = time.Now()
	done := make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(noticeEvery)
		defer tick.Stop()
		for {
			n.look(ctx, time.Now())
			select {
			case <-tick.C:
			case <-ctx.Done():
				return
			}
		}
	}()
	return func() { <-done }
}

// recall reads what earlier runs told; what did not arrive is told again.
func (n *notices) recall(ctx context.Context) error {
	var told []journal.Event
	arrived := map[string]bool{} // as far as is known by now
	for e, err := range n.s.journal.Events(ctx) {
		switch {
		case err != nil:
			return err
		case e.Kind == "notified":
			told = append(told, e)
		case e.Kind == "notification-failed":
			arrived[e.Detail["id"]] = false
		case e.Kind == "notification-delivered":
			arrived[e.Detail["id"]] = true
		}
	}
	for _, e := range told {
		if !arrived[e.Detail["id"]] {
			continue
		}
		for _, about := range strings.Fields(e.Detail["about"]) {
			if class, verdict, ok := strings.Cut(about, "="); ok {
				n.told[class] = verdict
			} else {
				n.closings[about] = true
			}
		}
	}
	return nil
}

// look tells what has changed.
func (n *notices) look(ctx context.Context, now time.Time) {
	n.mu.Lock()
	defer n.mu.Unlock()
	tally, list, err := n.read(ctx)
	if err != nil {
		return // the run itself says so
	}
	n.turned(ctx, list)
	n.closing(ctx, n.s.clock.Now())
	n.stands(ctx, tally.Total, now)
}

// read is how the export stands.
func (n *notices) read(ctx context.Context) (tally journal.Tally, list []classVerdict, err error) {
	if tally, err = n.s.journal.Tally(ctx); err != nil {
		return tally, nil, err
	}
	now := n.s.clock.Now()
	m, err := foresee(ctx, n.s.asOfNow(), n.s.journal, tally, now)
	if err != nil {
		return tally, nil, err
	}
	list = m.verdicts(n.s.contract(), n.s.classes(), now)
	n.last = noticeOf(tally, list)
	return tally, list, nil
}

// turned tells of classes whose verdict is another.
func (n *notices) turned(ctx context.Context, list []classVerdict) {
	news := map[string][]classVerdict{}
	for _, v := range list {
		s := n.streak[v.Class]
		if s.verdict != v.Verdict {
			s = streak{verdict: v.Verdict}
		}
		s.n++
		n.streak[v.Class] = s
		told := n.told[v.Class]
		if s.n < steady || v.Verdict == unknown || v.Verdict == told || v.Verdict == onTime && told == "" {
			continue
		}
		n.told[v.Class] = v.Verdict
		news[v.Verdict] = append(news[v.Verdict], v)
	}
	for _, kind := range []string{notify.WillMiss, notify.AtRisk, notify.OnTime} {
		if some := news[kind]; len(some) > 0 {
			var about []string
			for _, v := range some {
				about = append(about, v.Class+"="+v.Verdict)
			}
			n.tell(ctx, kind, strings.Join(about, " "), wordsOf(kind, some))
		}
	}
}

// closing tells of windows that will close soon.
func (n *notices) closing(ctx context.Context, now time.Time) {
	for _, class := range n.s.classes() {
		closes, open := n.s.contract().Until(class, now)
		about := class + "@" + closes.UTC().Format(time.RFC3339)
		if !open || closes.Sub(now) > n.s.cfg.Notify.ClosingWithin || n.closings[about] {
			continue
		}
		n.closings[about] = true
		n.tell(ctx, notify.Closing, about, fmt.Sprintf("the window of %s closes in %s, at %s", class, span(closes.Sub(now)), closes.UTC().Format(time.RFC3339)))
	}
}

// stands tells that nothing moves, although there is something to do now.
func (n *notices) stands(ctx context.Context, t journal.Counts, now time.Time) {
	sum := t.Done + t.Failed + t.Artifacts + t.Records + t.Bytes
	paused, _ := n.s.pausedAt(n.s.clock.Now())
	live := n.s.cfg.Pace.Live
	waits := paused != nil || live.Still && live.Hours.Live(n.s.clock.Now())
	if sum != n.moved.sum || t.Pending+t.Running == 0 || waits {
		n.moved, n.stalled = progressMark{sum, now}, false
		return
	}
	if still := now.Sub(n.moved.since); still >= n.s.cfg.Notify.StalledAfter && !n.stalled {
		n.stalled = true
		n.tell(ctx, notify.Stalled, "", fmt.Sprintf("nothing was finished or stored for %s, and %s left", span(still), plural(t.Pending+t.Running, "unit is", "units are")))
	}
}

// eventOf is what an event says of how the export stands.
func noticeOf(tally journal.Tally, list []classVerdict) notify.Event {
	t := tally.Total
	e := notify.Event{Counts: notify.Counts{
		Done: t.Done, Left: t.Pending + t.Running, Failed: t.Failed, Records: t.Records, Files: t.Artifacts, Bytes: t.Bytes,
	}}
	for _, count := range t.Exceptions {
		e.Counts.Exceptions += count
	}
	for _, v := range list {
		e.Classes = append(e.Classes, notify.Class(v))
	}
	return e
}

// say tells what whoever does it knows: that the run is paused, or has ended.
func (n *notices) say(ctx context.Context, kind, words string) {
	if n == nil {
		return
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.tell(ctx, kind, "", words)
}

// tell sends what happened, and writes down that it did.
func (n *notices) tell(ctx context.Context, kind, about, words string) {
	e := n.fill(n.last, kind, about, words)
	detail := map[string]string{"event": kind, "id": e.ID, "run": n.run, "text": e.Text}
	if about != "" {
		detail["about"] = about
	}
	if n.s.journal != nil {
		if err := n.s.record(context.WithoutCancel(ctx), "notified", detail); err != nil {
			n.s.log.Warn("a notification is not in the journal", "error", err)
		}
	}
	n.sender.Send(e)
}

// fill adds what every event says.
func (n *notices) fill(e notify.Event, kind, about, words string) notify.Event {
	s := n.s
	e.Kind, e.Run, e.Time = kind, n.run, s.clock.Now().UTC()
	e.Organization = notify.Organization{ID: s.org.ID, Name: s.org.Name}
	e.ExportID, e.Customer = s.exportID(), s.cfg.Contract.Customer
	what := "export"
	if s.rehearsal != nil {
		e.Rehearsal, what = s.rehearsal.date, "rehearsal"
	}
	if e.Classes == nil {
		e.Classes = []notify.Class{}
	}
	// The close of a window is one event, whoever tells of it.
	of, run := "", n.run+e.Time.String()
	if s.journal != nil {
		of = s.journal.ID()
	}
	if kind == notify.Closing {
		run = ""
	}
	sum := sha256.Sum256([]byte(strings.Join([]string{of, kind, about, run}, "\n")))
	e.ID = hex.EncodeToString(sum[:16])
	e.Text = "Genesys Cloud " + what + " of " + n.whose() + ": " + words + "."
	return e
}

// whose names the customer, as far as it is known.
func (n *notices) whose() string {
	for _, name := range []string{n.s.cfg.Contract.Customer, n.s.org.Name, n.s.exportID()} {
		if name != "" {
			return name
		}
	}
	return n.s.cfg.Source.Region
}

// end tells how the run ended, and gives the receivers some time.
func (n *notices) end(ctx context.Context, sum *summary, err error) {
	if n == nil {
		return
	}
	if errors.Is(err, journal.ErrLocked) { // the export goes on, in another process
		n.sender.Close(ctx)
		return
	}
	code := exitCode(stopped(ctx, err))
	n.mu.Lock()
	if n.s.journal != nil {
		if _, _, err := n.read(context.WithoutCancel(ctx)); err != nil {
			n.s.log.Warn("notification without the last numbers", "error", err)
		}
	}
	outcome := "Complete."
	switch {
	case sum != nil && (err == nil || errors.Is(err, sum.runErr) || err.Error() == ""):
		outcome = sum.Outcome
	case errors.Is(err, exporter.ErrInterrupted), code == exitInterrupted:
		outcome = "Interrupted."
	case err != nil:
		outcome, _, _ = strings.Cut(err.Error(), "\n")
	}
	n.last.Outcome, n.last.ExitCode = outcome, &code
	n.mu.Unlock()
	n.say(ctx, notify.Finished, fmt.Sprintf("the run has ended with exit code %d: %s", code, strings.TrimRight(outcome, ".")))
	patience := noticePatience
	if ctx.Err() != nil { // somebody is impatient
		patience = min(patience, 3*time.Second)
	}
	within, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	n.sender.Close(within)
}

// wordsOf says what the verdict about some classes is.
func wordsOf(kind string, list []classVerdict) string {
	var parts []string
	for _, v := range list {
		switch {
		case kind == notify.OnTime:
			parts = append(parts, v.Class+" will be done in time again")
		case v.P50.IsZero():
			parts = append(parts, v.Class+" will not be done: its window is closed")
		default:
			words := "may miss its window"
			if kind == notify.WillMiss {
				words = "will probably miss its window"
			}
			parts = append(parts, fmt.Sprintf("%s %s: done about %s, the window closes %s", v.Class, words,
				v.P50.UTC().Format(time.RFC3339), v.Closes.UTC().Format(time.RFC3339)))
		}
	}
	return strings.Join(parts, "; ")
}
