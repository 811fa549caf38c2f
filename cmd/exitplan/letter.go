package main

import (
	"cmp"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"strings"
	"text/template"
	"time"

	"github.com/urfave/cli/v2"

	"exitplan/exporter"
	"exitplan/internal/contract"
)

//go:embed letters/*.txt
var letters embed.FS

// letterLanguage is how dates and figures read, and what classes are called.
type letterLanguage struct {
	date    string
	days    func(from, to string) string
	about   func(figure, unit string) string // rounded
	classes map[string]string
}

var letterLanguages = map[string]letterLanguage{
	"en": {"2 January 2006", func(from, to string) string {
		if from == to {
			return from + " (UTC)"
		}
		return from + " to " + to + " (UTC)"
	}, func(figure, _ string) string { return "about " + figure }, map[string]string{
		exporter.Metrics: "reporting metrics", exporter.Recordings: "recordings, with their metadata and transcripts",
		exporter.Configuration: "other customer data (configuration, audits, evaluations, contact lists)",
	}},
	"ja": {"2006年1月2日", func(from, to string) string {
		if from == to {
			return from + "（UTC）"
		}
		return from + "から" + to + "まで（UTC）"
	}, func(figure, unit string) string { return strings.TrimSpace("約 " + figure + " " + unit) }, map[string]string{
		exporter.Metrics: "レポート指標（統計データ）", exporter.Recordings: "録音・録画データ（メタデータ及び文字起こしを含む）",
		exporter.Configuration: "その他の顧客データ（設定、監査記録、評価、連絡先リスト等）",
	}},
}

func letterCommand() *cli.Command {
	return &cli.Command{
		Name: "letter", Usage: "write the letter that requests an extension, from a plan",
		Description: "Prints plain text with lines to fill in. Without --plan it plans first, as 'exitplan plan' does; once all windows\n" +
			"have closed it asks without a forecast, for a date that --until names or somebody fills in.\n" +
			"Exit codes: those of 'exitplan plan', but for 4 and 7; where everything fits there is nothing to ask for, and no letter.",
		Flags: append([]cli.Flag{
			&cli.StringFlag{Name: "language", Value: "en", Usage: "en or ja"},
			&cli.StringFlag{Name: "until", Usage: "ask for this last day, or RFC 3339 instant, instead of what the forecast needs (`DATE`)"},
			&cli.StringFlag{Name: "plan", Usage: "go by this `FILE`, as 'exitplan plan --json' printed it"},
		}, planFlags()...),
		Action: func(c *cli.Context) error {
			language := c.String("language")
			if _, known := letterLanguages[language]; !known {
				return usage(fmt.Errorf("--language %q: write en or ja", language))
			}
			p, err := planFor(c)
			var closed overError
			if errors.As(err, &closed) {
				p, err = closed.plan, nil
			}
			if err != nil {
				return err
			}
			if p.Extension == nil && p.closed != nil {
				p = p.closed
			}
			if p.Extension == nil && !p.Fits {
				return fmt.Errorf("%w: %s", errForecast, p.headline())
			}
			if text := c.String("until"); text != "" && p.Extension != nil {
				if err := p.ask(text); err != nil {
					return err
				}
			}
			now := p.At
			if c.String("plan") != "" { // saved some time ago
				now = localClock(c.Context)()
			}
			text := ""
			if p.Extension != nil {
				if text, err = p.letter(language, now); err != nil {
					return err
				}
			}
			switch {
			case c.Bool("json"):
				return printJSON(letterJSON{p.Extension != nil, text, p.Extension})
			case p.Extension == nil:
				fmt.Fprintln(os.Stderr, "By the plan everything fits into its window: there is no extension to ask for.")
				return nil
			}
			_, err = os.Stdout.WriteString(text)
			return err
		},
	}
}

// letterJSON is the letter for programs.
type letterJSON struct {
	Needed    bool   `json:"needed"`
	Letter    string `json:"letter"`
	Extension *need  `json:"extension"`
}

// ask asks for another date than the forecast needs.
func (p *plan) ask(text string) error {
	n := p.Extension
	until, err := contract.ParseEnd(text, p.zone)
	if err != nil {
		return usage(fmt.Errorf("--until: %w", err))
	}
	var closes time.Time
	for _, e := range p.Endings {
		if contains(n.Classes, e.Class) {
			closes = latestOf(closes, e.Closes)
		}
	}
	if !until.After(latestOf(closes, p.At)) {
		return usage(fmt.Errorf("--until %s: an extension ends later than that which it extends, and than today (%s)", text, p.minute(latestOf(closes, p.At))))
	}
	n.Until, n.UntilDay, n.Margin, n.given = until.UTC(), p.day(until.Add(-1)), 0, true
	n.Days = daysBetween(closes.Add(-1).In(p.zone), until.Add(-1).In(p.zone))
	return nil
}

// planFor is a saved plan, or one that is made now.
func planFor(c *cli.Context) (*plan, error) {
	file := c.String("plan")
	if file == "" {
		return makePlan(c)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, noPlan(file, err)
	}
	p := &plan{}
	if err := json.Unmarshal(text, p); err != nil {
		return nil, noPlan(file, err)
	}
	zone, err := contract.LoadZone(p.Zone)
	if err != nil || p.At.IsZero() || len(p.Endings) == 0 || p.Extension != nil && (p.Extension.Until.IsZero() || p.Extension.RequestBy.IsZero()) {
		return nil, noPlan(file, errors.New("it is no plan of this program"))
	}
	p.setZone(zone)
	return p, nil
}

// letterText is what the templates fill in, as it reads in their language.
type letterText struct {
	Date, AsOf, Customer, Organization, OrganizationID, Zone string

	Classes          []letterClass
	Closes           string // the first of them
	Until, LastDay   string
	Days, Margin     int
	Late, Recordings bool
	ForDays          bool   // all else is done in time
	Missing          string // days that may be complete only after the close
	Unsure           bool   // half of the cases are done in time
	Given            bool   // somebody chose the date
	Measured         bool
	Conversations    string
	Recorded         string
	Calls, Bytes     string
	PerMinute, Why   string
	Clients          int
}

type letterClass struct{ Name, Closes, P50, P90 string }

const blank = "______________________________" // to fill in

func (p *plan) letter(language string, now time.Time) (string, error) {
	name, filled := language, p.letterText
	if p.Extension.Reason == forClosed {
		name, filled = "closed-"+language, p.closedText
	}
	text, err := template.ParseFS(letters, "letters/"+name+".txt")
	if err != nil {
		return "", err
	}
	var b strings.Builder
	err = text.Execute(&b, filled(language, now))
	return b.String(), err
}

// addressed is what every letter says of the two that it is between.
func (p *plan) addressed(language string, now time.Time) letterText {
	return letterText{
		Date: p.date(language, latestOf(now, p.At)), AsOf: p.date(language, p.At), Customer: cmp.Or(p.Customer, blank),
		Organization: cmp.Or(p.Organization.Name, blank), OrganizationID: cmp.Or(p.Organization.ID, blank), Zone: p.Zone,
		Recordings: contains(p.Extension.Classes, exporter.Recordings), Given: p.Extension.given,
	}
}

func (p *plan) date(language string, at time.Time) string {
	return at.In(p.zone).Format(letterLanguages[language].date)
}

// closedText is a request after the close, which has no forecast.
func (p *plan) closedText(language string, now time.Time) letterText {
	t := p.addressed(language, now)
	if t.Until = blank; !p.Extension.Until.IsZero() {
		t.Until = p.date(language, p.Extension.Until.Add(-1))
	}
	for _, e := range p.Endings {
		t.Classes = append(t.Classes, letterClass{Name: letterLanguages[language].classes[e.Class], Closes: p.date(language, e.Closes.Add(-1))})
	}
	return t
}

func (p *plan) letterText(language string, now time.Time) letterText {
	words, n := letterLanguages[language], p.Extension
	date := func(at time.Time) string { return p.date(language, at) }
	t := p.addressed(language, now)
	t.Until, t.LastDay, t.Days, t.Margin = date(n.Until.Add(-1)), date(n.RequestBy.Add(-1)), n.Days, int(math.Round(n.Margin))
	t.Late, t.Measured, t.ForDays, t.Unsure = n.Late || !now.Before(n.RequestBy), p.Measured, n.Reason == forDays, true
	if u := p.Unavailable; u != nil { // days of UTC
		t.Missing = words.days(u.From.Format(words.date), u.To.Add(-1).Format(words.date))
	}
	var first time.Time
	for _, e := range p.Endings {
		if !contains(n.Classes, e.Class) {
			continue
		}
		if first.IsZero() || e.Closes.Before(first) {
			first = e.Closes
		}
		t.Unsure = t.Unsure && !e.misses()
		t.Classes = append(t.Classes, letterClass{words.classes[e.Class], date(e.Closes.Add(-1)), date(e.P50), date(e.P90)})
	}
	t.Closes = date(first.Add(-1))
	if inv := p.Inventory; inv != nil {
		t.Conversations, t.Recorded, t.Calls = words.about(rounded(inv.Conversations.Mid), "件"), words.about(rounded(inv.Recorded.Mid), "件"), words.about(rounded(p.Calls), "回")
		t.PerMinute, t.Clients = count(int64(p.Supply.CallsPerMinute.Mid)), p.Settings.Clients
		if !t.ForDays {
			t.Why = strings.Join(p.why(), ",\n  ")
		}
		if total := p.bytes(); total > 0 {
			t.Bytes = words.about(bytesText(int64(total)), "")
		}
	}
	return t
}
