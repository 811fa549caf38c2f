package config

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// layout is the version of the bucket layout. It is frozen with the settings:
// one export is laid out in one way from beginning to end.
const layout = "1"

// Frozen are the settings that decide what is exported and where, by key.
// They hold no secrets, and two configurations that export the same to the
// same place have the same ones. The caller adds what only the platform
// knows, and the organization id as export_id where none is configured.
func (c Config) Frozen() map[string]string {
	frozen := map[string]string{
		"source.interval.from": instant(c.Source.Interval.From),
		"source.interval.to":   instant(c.Source.Interval.To),
		"source.datasets":      strings.Join(c.Source.Datasets, ","),
		"source.granularity":   c.Source.Granularity,
		"recordings.method":    c.Recordings.Method,
		"recordings.metadata":  c.Recordings.Metadata,
		"destination.url":      c.Destination.URL,
		"export_id":            c.ExportID,
		"layout":               layout,
	}
	if c.Recordings.Method == MethodBulk {
		frozen["recordings.sensitive"] = strconv.FormatBool(c.Recordings.Sensitive)
	}
	return frozen
}

// SettingsYAML is the configuration in effect, with every default filled in
// and dates resolved to instants, for settings.yaml in the root bag. Secrets
// and the paths of this machine are left out. It is a valid exitplan.yaml.
func (c Config) SettingsYAML() ([]byte, error) {
	terms := c.Contract
	local := func(t time.Time) string {
		if t.IsZero() {
			return ""
		}
		if terms.Zone != nil {
			t = t.In(terms.Zone)
		}
		return t.Format(time.RFC3339Nano)
	}
	doc := document{
		Contract: contractDoc{
			Customer:          terms.Customer,
			SubscriptionStart: local(terms.SubscriptionStart),
			ExitStarted:       local(terms.ExitStarted),
			Cause:             string(terms.Cause),
			TerminationDate:   local(terms.Termination),
			ExtensionNotice:   terms.NoticeDays,
		},
		Source: sourceDoc{
			Region:            c.Source.Region,
			ClientID:          c.Source.ClientID,
			APIURL:            c.Source.APIURL,
			LoginURL:          c.Source.LoginURL,
			Interval:          intervalDoc{instant(c.Source.Interval.From), instant(c.Source.Interval.To)},
			Datasets:          c.Source.Datasets,
			Granularity:       c.Source.Granularity,
			RequestsPerMinute: c.Source.RequestsPerMinute,
			Headroom:          strconv.FormatFloat(c.Source.Headroom*100, 'g', 12, 64) + "%",
		},
		ExportID:   c.ExportID,
		Recordings: recordingsDoc(c.Recordings),
		Destination: destinationDoc{
			URL:                 c.Destination.URL,
			Region:              c.Destination.Region,
			AllowCrossRegion:    c.Destination.AllowCrossRegion,
			Endpoint:            c.Destination.Endpoint,
			PathStyle:           c.Destination.PathStyle,
			SSE:                 c.Destination.SSE,
			KMSKeyID:            c.Destination.KMSKeyID,
			ExpectedBucketOwner: c.Destination.ExpectedBucketOwner,
			StorageClass:        c.Destination.StorageClass,
			ObjectLock:          objectLockDoc{c.Destination.ObjectLock.Mode, local(c.Destination.ObjectLock.RetainUntil)},
		},
		Concurrency: concurrencyDoc(c.Concurrency),
		Pace:        paceDocument(c.Pace),
	}
	if terms.Zone != nil {
		doc.Contract.TimeZone = terms.Zone.String()
	}
	for _, e := range terms.Extensions {
		if !e.Withdrawn.IsZero() && e.Withdrawn.Before(e.Until) { // it was one until then
			if e.Until = e.Withdrawn; !e.Until.After(terms.Termination) {
				continue
			}
		}
		doc.Contract.Extensions = append(doc.Contract.Extensions, extensionDoc{
			local(e.Requested), local(e.Granted), local(e.Until), e.Classes, e.Reference, e.Approver,
		})
	}
	for _, client := range c.Source.Clients {
		doc.Source.Clients = append(doc.Source.Clients, clientDoc{ClientID: client.ID})
	}
	text, err := yaml.Marshal(doc)
	if err != nil {
		return nil, fmt.Errorf("writing the settings as YAML: %w", err)
	}
	return append([]byte("# The settings of this export, without secrets.\n"), text...), nil
}

// instant prints an instant in UTC, or "" for none.
func instant(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339Nano)
}
