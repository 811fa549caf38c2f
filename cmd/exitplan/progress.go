package main

import (
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"exitplan/exporter"
)

// How often a bar is drawn, and a line printed where there is no terminal.
const (
	barEvery  = 250 * time.Millisecond
	lineEvery = 15 * time.Second
)

// progress shows a meter while a run goes on: a bar on a terminal, a line now
// and then elsewhere, nothing when quiet.
type progress struct {
	meter *exporter.Meter
	units func() (known, done int64)
	first int64 // units done before this run
	begun time.Time
	stop  chan struct{}
	ended sync.WaitGroup
}

// showProgress starts to show; the caller must call finish. units tells how
// many units are known and how many of them are done.
func showProgress(out *os.File, quiet bool, meter *exporter.Meter, units func() (known, done int64)) *progress {
	p := &progress{meter: meter, units: units, begun: time.Now(), stop: make(chan struct{})}
	_, p.first = units()
	if quiet {
		return p
	}
	p.ended.Go(func() {
		if term.IsTerminal(int(out.Fd())) {
			p.bar(out)
		} else {
			p.lines(out)
		}
	})
	return p
}

func (p *progress) finish() {
	close(p.stop)
	p.ended.Wait()
}

func (p *progress) bar(out io.Writer) {
	bar := progressbar.NewOptions64(1,
		progressbar.OptionSetWriter(out), progressbar.OptionSetWidth(24),
		progressbar.OptionSetPredictTime(true), progressbar.OptionSetElapsedTime(true),
		progressbar.OptionShowCount(), progressbar.OptionThrottle(100*time.Millisecond),
		progressbar.OptionUseANSICodes(false), progressbar.OptionFullWidth(),
	)
	p.every(barEvery, func() {
		known, done := p.units()
		bar.ChangeMax64(max(known, 1))
		bar.Describe(p.text())
		_ = bar.Set64(done)
	})
	_ = bar.Exit()
	fmt.Fprintln(out)
}

func (p *progress) lines(out io.Writer) {
	p.every(lineEvery, func() {
		known, done := p.units()
		fmt.Fprintf(out, "exitplan: %d of %d units, %s%s\n", done, known, p.text(), p.eta(known, done))
	})
}

func (p *progress) every(interval time.Duration, show func()) {
	tick := time.NewTicker(interval)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			show()
		case <-p.stop:
			show()
			return
		}
	}
}

func (p *progress) text() string {
	elapsed := time.Since(p.begun).Seconds()
	text := fmt.Sprintf("%s records, %s (%s/s)", count(p.meter.Records.Load()),
		bytesText(p.meter.Bytes.Load()), bytesText(int64(float64(p.meter.Bytes.Load())/max(elapsed, 0.001))))
	if n := p.meter.Exceptions.Load(); n > 0 {
		text += fmt.Sprintf(", %s exceptions", count(n))
	}
	return text
}

// eta is a plain extrapolation over the units known by now.
func (p *progress) eta(known, done int64) string {
	did := done - p.first
	if did <= 0 || known <= done {
		return ""
	}
	left := time.Duration(float64(time.Since(p.begun)) / float64(did) * float64(known-done))
	return ", about " + left.Round(time.Second).String() + " left"
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
