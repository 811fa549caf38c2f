package main

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"

	"exitplan/internal/forecast"
	"exitplan/internal/genesys"
	"exitplan/internal/journal"
)

// How often a bar is drawn, and a line printed where there is no terminal.
const (
	barEvery  = 500 * time.Millisecond
	lineEvery = 15 * time.Second
)

// The close of the window is shown once it is so near.
const closeIsNear = 48 * time.Hour

// progressConfig is what progress reads.
type progressConfig struct {
	Screen *screen
	Quiet  bool
	Drain  <-chan struct{}
	Tally  func() (journal.Tally, error)
	// Forecast says when it will be over, from that.
	Forecast func(journal.Tally) (prospect, error)
	Calls    func() genesys.Stats
	// Closes gives the trusted time, and when the first open window closes.
	Closes func() (now, closes time.Time)
	Margin time.Duration // before the close, at which the run stops
	// Still says why nothing is done now, Slower why less than usual; "" for no
	// such reason. Nil for never.
	Still, Slower func() string
}

// progress shows how a run goes on: a bar on a terminal, a line now and then
// elsewhere, nothing when quiet, save the answer to a signal.
type progress struct {
	progressConfig
	stop  chan struct{}
	ended sync.WaitGroup

	// The rest belongs to the goroutine that shows.
	begun    time.Time
	tally    journal.Tally
	next     time.Time // when the journal is read again
	ahead    prospect
	calls    tempo
	bytes    tempo
	draining bool
}

// showProgress starts to show; the caller must call finish.
func showProgress(cfg progressConfig) *progress {
	p := &progress{progressConfig: cfg, stop: make(chan struct{}), begun: time.Now()}
	p.look(p.begun, true)
	p.ended.Go(func() {
		columns := p.Screen.columns()
		switch {
		case p.Quiet:
			p.every(lineEvery, func(time.Time) {})
		case columns > 0:
			p.every(barEvery, func(now time.Time) {
				p.look(now, false)
				p.Screen.show(p.bar(now, p.Screen.columns()))
			})
		default:
			p.every(lineEvery, func(now time.Time) {
				p.look(now, false)
				fmt.Fprintf(p.Screen, "exitplan: %s\n", strings.Join(p.fields(now, " of "), ", "))
			})
		}
	})
	return p
}

// finish ends the bar with one line that is exact.
func (p *progress) finish() {
	close(p.stop)
	p.ended.Wait()
	p.Screen.show("")
	if p.Quiet {
		return
	}
	now := time.Now()
	p.look(now, true)
	t := p.tally.Total
	fmt.Fprintf(p.Screen, "exitplan: %s, %s, %s; %s in %s\n", p.done(" of "), plural(t.Records, "record", "records"),
		bytesText(t.Bytes), plural(p.Calls().Requests, "call", "calls"), span(now.Sub(p.begun)))
}

// every shows again and again, until the run has ended.
func (p *progress) every(interval time.Duration, show func(now time.Time)) {
	tick := time.NewTicker(interval)
	defer tick.Stop()
	drain := p.Drain
	for {
		select {
		case now := <-tick.C:
			show(now)
		case <-drain:
			drain, p.draining = nil, true
			fmt.Fprintln(p.Screen, "exitplan: stopping after the transfers in flight; once more stops now")
		case <-p.stop:
			return
		}
	}
}

// look reads the journal, which must cost little beside the run itself.
func (p *progress) look(now time.Time, exact bool) {
	if !exact && now.Before(p.next) {
		return
	}
	tally, err := p.Tally()
	if err != nil {
		return // what was seen last is shown
	}
	if p.Forecast != nil {
		if ahead, err := p.Forecast(tally); err == nil {
			p.ahead = ahead
		}
	}
	cost := time.Since(now)
	p.tally, p.next = tally, now.Add(max(time.Second, 20*cost))
	p.calls.note(now, p.Calls().Requests)
	p.bytes.note(now, tally.Total.Bytes)
}

// bar is one frame of at most so many columns. It is made anew each time: the
// library's own state, and its prediction, know nothing of units that are
// discovered on the way.
func (p *progress) bar(now time.Time, columns int) string {
	t := p.tally.Total
	done := t.Done + t.Failed
	known := max(done+t.Pending+t.Running, 1)
	const frame = len("100% [] ")
	const narrowest, widest = 6, 24
	if columns < frame+narrowest+30 {
		return fit(p.fields(now, "/"), columns)
	}
	text := fit(p.fields(now, "/"), columns-frame-narrowest)
	width := min(widest, columns-frame-len(text))
	bar := progressbar.NewOptions64(known,
		progressbar.OptionSetWriter(io.Discard), progressbar.OptionSetWidth(width),
		progressbar.OptionSetTheme(progressbar.ThemeASCII), progressbar.OptionShowDescriptionAtLineEnd(),
		progressbar.OptionSetPredictTime(false), progressbar.OptionSetElapsedTime(false),
	)
	bar.Describe(text)
	_ = bar.Set64(done)
	return strings.Trim(strings.ReplaceAll(bar.String(), "  "+text, " "+text), "\r ")
}

// fit joins the fields that there is room for. The first and the last stay;
// of the others the later ones go first.
func fit(fields []string, columns int) string {
	for {
		text := strings.Join(fields, ", ")
		n := len(fields)
		if len(text) <= columns {
			return text
		}
		if n <= 2 {
			return text[:max(0, min(len(text), columns))]
		}
		fields = append(fields[:n-2:n-2], fields[n-1])
	}
}

// fields say how it goes; the most important ones are the first and the last.
func (p *progress) fields(now time.Time, of string) []string {
	fields := []string{p.done(of)}
	if trusted, closes := p.Closes(); !closes.IsZero() && closes.Add(-p.Margin).Sub(trusted) < closeIsNear {
		left, what := closes.Sub(trusted), "window: "
		if p.Margin > 0 {
			left, what = left-p.Margin, "stops in "
		}
		fields = append(fields, what+span(left))
	}
	if slower := ask(p.Slower); slower != "" {
		fields = append(fields, slower)
	}
	calls := p.Calls()
	if calls.Paused > time.Second {
		fields = append(fields, "rate limit: paused "+span(calls.Paused))
	}
	fields = append(fields, plural(calls.Requests, "call", "calls"))
	if rate, ok := p.calls.perSecond(now); ok {
		fields = append(fields, fmt.Sprintf("%.0f of %d/min", rate*60, calls.PerMinute))
	}
	t := p.tally.Total
	var exceptions int64
	for _, n := range t.Exceptions {
		exceptions += n
	}
	if exceptions > 0 {
		fields = append(fields, plural(exceptions, "exception", "exceptions"))
	}
	size := bytesText(t.Bytes)
	if rate, ok := p.bytes.perSecond(now); ok {
		size += " (" + bytesText(int64(rate)) + "/s)"
	}
	return append(fields, plural(t.Records, "record", "records"), size, p.estimate())
}

func (p *progress) done(of string) string {
	t := p.tally.Total
	done := t.Done + t.Failed
	return count(done) + of + count(done+t.Pending+t.Running) + " units"
}

// estimate is when it will be over, if there is ground to say so.
func (p *progress) estimate() string {
	if p.draining {
		return "stopping"
	}
	if still := ask(p.Still); still != "" {
		return still
	}
	f := p.ahead.forecast
	if !p.ahead.known || len(f.Classes) == 0 {
		return "estimating"
	}
	took := f.P50.Sub(f.At)
	if took > 2*time.Minute {
		took = took.Round(time.Minute) // it is no better known than that
	}
	text := "about " + span(took) + " left"
	if p.ahead.unsure {
		text = "over " + span(took) + " left"
	}
	if f.Verdict != forecast.OnTrack {
		text = strings.ToUpper(string(f.Verdict)) + ", " + text
	}
	return text
}

func ask(why func() string) string {
	if why == nil {
		return ""
	}
	return why()
}

// count prints a number with its thousands apart.
func count(n int64) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// bytesText prints a size in the units that storage is sold in.
func bytesText(n int64) string {
	const step = 1000
	size, unit := float64(n), 0
	for size >= step && unit < 5 {
		size /= step
		unit++
	}
	if unit == 0 {
		return fmt.Sprintf("%d B", n)
	}
	return fmt.Sprintf("%.1f %cB", size, " kMGTP"[unit])
}
