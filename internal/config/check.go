package config

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"

	"exitplan/internal/contract"
)

// check turns a document into a Config and reports what it cannot accept.
type check struct {
	*problems
	needed []Section
	secret string // of the first client, from the environment
	zone   *time.Location
	dates  []Date // of the contract
	// notifySecret signs notifications, likewise.
	notifySecret string
}

func (c *check) needs(s Section) bool { return slices.Contains(c.needed, s) }

func (c *check) config(doc document) Config {
	cfg := Config{
		Contract:   c.contract(doc.Contract),
		ExportID:   doc.ExportID,
		Recordings: Recordings(doc.Recordings),
		State:      doc.State,
	}
	cfg.Seeds, cfg.Dates = cfg.Contract.Extensions, c.dates
	cfg.Source = c.source(doc.Source)
	cfg.Notify = c.notify(doc.Notify)
	if cfg.Source.Interval.From.IsZero() {
		cfg.Source.Interval.From = cfg.Contract.SubscriptionStart
	}
	c.interval(cfg.Source.Interval)
	c.exportID(doc.ExportID)
	c.recordings(doc.Recordings)
	cfg.Destination = c.destination(doc.Destination)
	cfg.Concurrency = Concurrency{
		API:       c.between("concurrency.api", doc.Concurrency.API, 1, 256),
		Transfers: c.between("concurrency.transfers", doc.Concurrency.Transfers, 1, 1024),
	}
	cfg.Pace = c.pace(doc.Pace)
	return cfg
}

// contract resolves the terms. Dates are read in the contract's zone; without
// a usable one they are read in UTC, to find what else is wrong.
func (c *check) contract(doc contractDoc) contract.Terms {
	c.zone = time.UTC
	if !c.needs(NeedContract) && emptyContract(doc) {
		return contract.Terms{}
	}
	reported := len(c.lines)
	zone, err := contract.LoadZone(doc.TimeZone)
	if err != nil {
		c.add("contract.time_zone", "%v", err)
	} else {
		c.zone = zone
	}
	terms := contract.Terms{
		Customer:          doc.Customer,
		Zone:              c.zone,
		SubscriptionStart: c.start("contract.subscription_start", doc.SubscriptionStart),
		ExitStarted:       c.start("contract.exit_started", doc.ExitStarted),
		Termination:       c.end("contract.termination_date", doc.TerminationDate),
		Cause:             contract.Cause(doc.Cause),
		NoticeDays:        c.between("contract.extension_notice", doc.ExtensionNotice, 0, 3650),
	}
	// For expiry, exit_started is an end like any other: a date means that
	// the day was still part of the term.
	if terms.Cause == contract.Expiry && doc.ExitStarted == doc.TerminationDate {
		terms.ExitStarted = terms.Termination
	}
	for i, e := range doc.Extensions {
		at := func(name string) string { return fmt.Sprintf("contract.extensions[%d].%s", i, name) }
		x := contract.Extension{
			Requested: c.start(at("requested"), e.Requested),
			Until:     c.end(at("until"), e.Until),
			Classes:   e.Classes,
			Reference: e.Reference,
			Approver:  e.Approver,
		}
		if e.Granted != "" {
			x.Granted = c.date(at("granted"), e.Granted, func(s string, zone *time.Location) (time.Time, error) {
				return contract.ParseGrant(s, zone, x.Requested)
			})
		}
		terms.Extensions = append(terms.Extensions, x)
	}
	c.terms(terms, c.lines[reported:])
	return terms
}

// emptyContract says whether nothing but the default is set.
func emptyContract(doc contractDoc) bool {
	return doc.Customer+doc.TimeZone+doc.SubscriptionStart+doc.ExitStarted+doc.TerminationDate == "" &&
		doc.Cause == defaults().Contract.Cause && doc.ExtensionNotice == 0 && len(doc.Extensions) == 0
}

// terms reports what the contract's own rules object to, except for fields
// that could not even be read.
func (c *check) terms(terms contract.Terms, reported []string) {
	joined, ok := terms.Validate().(interface{ Unwrap() []error })
	if !ok {
		return
	}
	for _, err := range joined.Unwrap() {
		field, text, _ := strings.Cut(err.Error(), ": ")
		at := "contract." + field
		unread := func(line string) bool { return strings.HasPrefix(line, at+": ") }
		if !slices.ContainsFunc(reported, unread) {
			c.add(at, "%s", text)
		}
	}
}

// selection is what a dataset's name, a glob or a class may consist of.
var selection = regexp.MustCompile(`^-?[a-zA-Z0-9_.*?\[\]^-]+$`)

func (c *check) source(doc sourceDoc) Source {
	s := Source{
		Region:   doc.Region,
		ClientID: doc.ClientID,
		APIURL:   c.baseURL("source.api_url", doc.APIURL),
		LoginURL: c.baseURL("source.login_url", doc.LoginURL),
		Interval: Interval{
			From: c.start("source.interval.from", doc.Interval.From),
			To:   c.end("source.interval.to", doc.Interval.To),
		},
		Datasets:          doc.Datasets,
		Granularity:       doc.Granularity,
		RequestsPerMinute: c.between("source.requests_per_minute", doc.RequestsPerMinute, 1, 1_000_000),
		Headroom:          c.percent("source.headroom", doc.Headroom),
	}
	c.match("source.region", doc.Region, `^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$`,
		"write an AWS region such as ap-northeast-1, or the platform's host such as mypurecloud.jp")
	c.oneOf("source.granularity", doc.Granularity, "PT15M", "PT30M", "PT1H", "PT12H", "P1D")
	for i, name := range doc.Datasets {
		at := fmt.Sprintf("source.datasets[%d]", i)
		if _, err := path.Match(name, ""); err != nil || !selection.MatchString(name) {
			c.add(at, "%q is not a name, a glob (routing.*) or a class (recordings)", name)
		}
	}
	if c.needs(NeedSource) {
		if doc.Region == "" && (doc.APIURL == "" || doc.LoginURL == "") {
			c.add("source.region", "is missing; write the organization's AWS region, such as ap-northeast-1")
		}
		s.ClientSecret = c.client("source", doc.ClientID, c.secret, doc.ClientSecretFile)
	}
	seen := map[string]bool{doc.ClientID: doc.ClientID != ""}
	for i, client := range doc.Clients {
		at := fmt.Sprintf("source.clients[%d]", i)
		next := Client{ID: client.ClientID}
		if c.needs(NeedSource) {
			next.Secret = c.client(at, client.ClientID, "", client.ClientSecretFile)
		}
		if seen[client.ClientID] {
			c.add(at+".client_id", "is the same client as one before it, and has no budget of its own; remove it")
		}
		seen[client.ClientID] = client.ClientID != ""
		s.Clients = append(s.Clients, next)
	}
	return s
}

// client checks an OAuth client and finds its secret; the environment wins
// over the file.
func (c *check) client(at, id, secret, file string) Secret {
	if id == "" {
		c.add(at+".client_id", "is missing; write the id of an OAuth client with the grant type client credentials")
	}
	switch {
	case secret != "":
		s, err := parseSecret(secret)
		if err != nil {
			c.put(secretVariable, at, err.Error())
		}
		return s
	case file != "":
		s, err := readSecret(file)
		if err != nil {
			c.add(at+".client_secret_file", "%v", err)
		}
		return s
	case at == "source":
		c.add("source.client_secret_file", "is missing; name a file that holds the client secret, or set %s", secretVariable)
	default:
		c.add(at+".client_secret_file", "is missing; name a file that holds this client's secret")
	}
	return Secret{}
}

func (c *check) interval(iv Interval) {
	if !iv.To.IsZero() && !iv.From.Before(iv.To) {
		c.add("source.interval", "ends before it starts: from %s to %s",
			iv.From.In(c.zone).Format(time.RFC3339), iv.To.In(c.zone).Format(time.RFC3339))
	}
}

func (c *check) exportID(id string) {
	// The id is a directory of the destination, and part of every path.
	c.match("export_id", id, `^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$`,
		"use up to 128 letters, digits, dots, dashes and underscores, beginning with a letter or digit")
}

func (c *check) recordings(doc recordingsDoc) {
	c.oneOf("recordings.method", doc.Method, MethodPull, MethodBulk)
	c.oneOf("recordings.metadata", doc.Metadata, MetadataFull, MetadataDerived)
	if doc.Method == MethodBulk && doc.IntegrationID == "" {
		c.add("recordings.integration_id", "is missing; recordings.method bulk needs the id of the organization's S3 integration")
	}
}
