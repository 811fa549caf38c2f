package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"exitplan/exporter"
	"exitplan/internal/contract"
	"exitplan/internal/dataset"
	"exitplan/internal/genesys"
	"exitplan/internal/journal"
	"exitplan/internal/sink"
)

// finding is one line of check.
type finding struct {
	Subject string `json:"subject"`
	Status  string `json:"status"` // ok, warning, failed or unknown
	Detail  string `json:"detail"`
	Hint    string `json:"hint,omitempty"`
	err     error
}

func checkCommand() *cli.Command {
	return &cli.Command{
		Name: "check", Usage: "try credentials, permissions, bucket, clock and window before anything is exported",
		Action: func(c *cli.Context) error {
			cfg, err := readConfig(c)
			if err != nil {
				return err
			}
			if full, err := withLedger(cfg, localClock(c.Context)()); err == nil { // else it is a finding
				cfg = full
			}
			s, err := sessionOf(c, cfg)
			if err != nil {
				return err
			}
			findings := s.check(c.Context)
			if c.Err() != nil { // what it cut short says nothing of the settings
				return context.Cause(c.Context)
			}
			if c.Bool("json") {
				if err := printJSON(findings); err != nil {
					return err
				}
			} else {
				for _, f := range findings {
					fmt.Fprintf(os.Stdout, "%-8s %-14s %s\n", f.Status, f.Subject, f.Detail)
					if f.Hint != "" {
						fmt.Fprintf(os.Stdout, "%-8s %-14s → %s\n", "", "", f.Hint)
					}
				}
			}
			return verdict(findings)
		},
	}
}

// verdict is the error of the first finding that failed, told already.
func verdict(findings []finding) error {
	var closed error
	for _, f := range findings {
		switch {
		case f.Status != string(sink.Failed):
		case errors.Is(f.err, exporter.ErrWindowClosed):
			closed = said{f.err} // credentials that fail weigh more
		default:
			return said{f.err}
		}
	}
	return closed
}

func (s *session) check(ctx context.Context) []finding {
	var findings []finding
	s.startClock(ctx)
	// Terms that cannot be trusted must ask for nothing.
	extensions := s.checkLedger(ctx)
	trusted := verdict(extensions) == nil
	if err := s.checkWindow(ctx); trusted && err == nil {
		findings = append(findings, s.checkSource(ctx)...)
	} else {
		f := finding{Subject: "credentials", Status: string(sink.Warning), Detail: "not tried: nothing is asked of the platform before the window opens, but the time"}
		switch {
		case !trusted:
			f.Detail = "not tried: the ledger of extensions says until when anything may be asked, and cannot be trusted"
		case s.closedForGood(s.clock.Now()):
			f.Detail = "not tried: the window is over, and nothing is asked of the platform any more"
		}
		findings = append(findings, f)
	}
	findings = append(findings, s.checkClock())
	if trusted { // else nobody knows
		for _, class := range s.classes() {
			findings = append(findings, checkClass(s.cfg.Contract.Decide(class, s.clock.Now())))
		}
	}
	findings = append(findings, s.checkDestination(ctx)...)
	if trusted { // once more, against the destination
		extensions = s.checkLedger(ctx)
	}
	return append(findings, extensions...)
}

// startClock lets the clock start no earlier than what earlier runs have seen;
// what cannot be read is for the other checks to tell.
func (s *session) startClock(ctx context.Context) {
	j, err := journal.Open(ctx, s.cfg.State, journal.Options{ReadOnly: true})
	if err != nil {
		j = nil
	} else {
		defer j.Close()
	}
	if floor, err := floorOf(ctx, s.cfg, j); err == nil {
		s.clock = exporter.NewClock(s.now, floor)
	}
}

// checkLedger holds the ledger against what journal and destination have seen
// of it, and says what is to be known of the terms.
func (s *session) checkLedger(ctx context.Context) (findings []finding) {
	j, err := journal.Open(ctx, s.cfg.State, journal.Options{ReadOnly: true})
	switch {
	case err == nil:
		defer j.Close()
	case !errors.Is(err, fs.ErrNotExist):
		return []finding{failed("extensions", err, "")}
	}
	entries, err := s.heldHere(ctx, j)
	if errors.Is(err, sink.ErrDestination) || errors.Is(err, sink.ErrNoBucket) || errors.Is(err, sink.ErrNoCredentials) || errors.Is(err, sink.ErrAccess) {
		err = nil // that is tried for itself
	}
	behind := 0
	if err == nil && j != nil && s.dest != nil {
		switch owned := s.owns(ctx, j); {
		case owned == nil:
			behind, err = s.holdCopy(ctx)
		case !errors.Is(owned, fs.ErrNotExist):
			return []finding{failed("destination", owned, "")}
		}
	}
	if err != nil {
		return []finding{failed("extensions", err, "no export runs until then")}
	}
	if len(entries) > 0 {
		findings = append(findings, ok("extensions", plural(int64(len(entries)), "entry", "entries")+" in the ledger, none changed"))
	}
	if behind > 0 {
		findings = append(findings, finding{Subject: "extensions", Status: string(sink.Warning),
			Detail: "the destination's copy of the ledger lacks the last " + plural(int64(behind), "entry", "entries"),
			Hint:   "the next export copies them"})
	}
	notes, err := termsNotes(ctx, s.cfg, j)
	if err != nil {
		return append(findings, failed("extensions", err, ""))
	}
	for _, note := range notes {
		findings = append(findings, finding{Subject: "contract", Status: string(sink.Warning), Detail: note})
	}
	return findings
}

func ok(subject, detail string) finding {
	return finding{Subject: subject, Status: string(sink.OK), Detail: detail}
}

func failed(subject string, err error, hint string) finding {
	return finding{Subject: subject, Status: string(sink.Failed), Detail: err.Error(), Hint: hint, err: err}
}

func (s *session) checkSource(ctx context.Context) []finding {
	if err := s.identify(ctx); err != nil {
		hint := "check source.client_id, its secret and source.region; a client works only in the region where it was made"
		if !errors.Is(err, genesys.ErrCredentials) {
			hint = "check source.region and the network"
		}
		return []finding{failed("credentials", err, hint)}
	}
	held := s.readPermissions(ctx)
	findings := []finding{
		ok("credentials", fmt.Sprintf("organization %s (%s)", s.org.Name, s.org.ID)),
		s.checkPermissions(held),
	}
	if contains(s.names, dataset.RecordingsName) {
		findings = append(findings, checkSensitive(held))
	}
	findings = append(findings, s.checkLimits(ctx))
	for _, probe := range []struct{ dataset, path, permission string }{
		// Whoever wants recordings needs both: details say what was recorded.
		{dataset.DetailsName, "/api/v2/analytics/conversations/details/jobs/availability", "analytics:conversationDetail:view"},
		// No conversation has this id: 404 means that it may be asked for.
		{dataset.RecordingsName, "/api/v2/conversations/00000000-0000-0000-0000-000000000000/recordingmetadata",
			"recording:recording:view or recording:recordingSegment:view"},
	} {
		if !contains(s.names, probe.dataset) && !contains(s.names, dataset.RecordingsName) {
			continue
		}
		if !s.open(dataset.ClassOf(probe.dataset)) {
			findings = append(findings, finding{Subject: "permission", Status: statusUnknown, Detail: probe.dataset + ": not tried, its window is closed"})
			continue
		}
		_, err := s.clients[0].Get(ctx, probe.path, nil)
		switch {
		case err == nil, errors.Is(err, genesys.ErrNotFound):
			findings = append(findings, ok("permission", probe.dataset))
		case errors.Is(err, genesys.ErrPermission):
			findings = append(findings, failed("permission", fmt.Errorf("%s: %w", probe.dataset, err),
				"give the client's role "+probe.permission+", in all divisions"))
		default:
			findings = append(findings, failed("permission", fmt.Errorf("%s: %w", probe.dataset, err), "try again"))
		}
	}
	return findings
}

// selectFlags are the flags that select the same datasets as the
// configuration does.
func selectFlags(terms []string) (flags string) {
	for _, term := range terms {
		flags += " --select=" + term
	}
	return flags
}

func (s *session) checkClock() finding {
	skew := s.clock.Skew().Round(time.Second)
	f := ok("clock", fmt.Sprintf("within %s of the platform's", skew.Abs()))
	switch {
	case !s.clock.Trusted():
		f.Status, f.Detail = string(sink.Warning), "the platform has not told the time; this machine's clock is used"
	case skew.Abs() > skewTolerated:
		f.Status, f.Detail = string(sink.Warning), fmt.Sprintf("this machine's clock is off by %s (ahead if positive)", skew)
		f.Hint = "the platform's time is used for the window; set this clock, since AWS refuses requests that are 15 minutes off"
	}
	return f
}

func checkClass(d contract.Decision) finding {
	f := ok("window", d.Class+": "+d.Reason)
	if !d.Open {
		f.Status, f.err = string(sink.Failed), fmt.Errorf("%w for %s", exporter.ErrWindowClosed, d.Class)
		f.Hint = strings.ReplaceAll((&summary{Closed: []contract.Decision{d}}).afterClose(), "\n      ", ". ")
	}
	return f
}

func (s *session) checkDestination(ctx context.Context) []finding {
	if err := s.openDestination(ctx, nil); err != nil {
		return []finding{failed("destination", err, "")}
	}
	probed, err := s.dest.Probe(ctx)
	if err != nil {
		return []finding{failed("destination", err, "")}
	}
	findings := []finding{ok("destination", s.dest.URL())}
	switch err := s.checkBulk(ctx); {
	case s.org.ID == "": // nothing is asked of the platform any more, or the credentials are wrong
	case err != nil:
		findings = append(findings, failed("integration", err, ""))
	case s.bulk():
		findings = append(findings, ok("integration", "recording jobs can write into the bucket, and what they write can be listed"))
	}
	for _, p := range probed {
		err := p.Err
		if err == nil && p.Status == sink.Failed {
			err = errors.New(p.Detail)
		}
		findings = append(findings, finding{p.Check, string(p.Status), p.Detail, p.Hint, err})
	}
	return findings
}
