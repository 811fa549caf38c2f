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

// The languages of letters: how a date reads, and what classes are called.
var letterLanguages = map[string]struct {
	date    string
	classes map[string]string
}{
	"en": {"2 January 2006", map[string]string{
		exporter.Metrics: "reporting metrics", exporter.Recordings: "recordings, with their metadata and transcripts",
		exporter.Configuration: "other customer data (configuration, audits, evaluations, contact lists)",
	}},
	"ja": {"2006年1月2日", map[string]string{
		exporter.Metrics: "レポート指標（統計データ）", exporter.Recordings: "録音・録画データ（メタデータ及び文字起こしを含む）",
		exporter.Configuration: "その他の顧客データ（設定、監査記録、評価、連絡先リスト等）",
	}},
}

func letterCommand() *cli.Command {
	return &cli.Command{
		Name: "letter", Usage: "write the letter that requests an extension, from a plan",
		Description: "Prints plain text with lines to fill in. Without --plan it plans first, as 'exitplan plan' does.\n" +
			"Exit codes: those of 'exitplan plan', but for 7; where everything fits there is nothing to ask for, and no letter.",
		Flags: append([]cli.Flag{
			&cli.StringFlag{Name: "language", Value: "en", Usage: "en or ja"},
			&cli.StringFlag{Name: "plan", Usage: "go by this `FILE`, as 'exitplan plan --json' printed it"},
		}, planFlags()...),
		Action: func(c *cli.Context) error {
			language := c.String("language")
			if _, known := letterLanguages[language]; !known {
				return usage(fmt.Errorf("--language %q: write en or ja", language))
			}
			p, err := planFor(c)
			if err != nil {
				return err
			}
			if p.Extension == nil {
				fmt.Fprintln(os.Stderr, "By the plan everything fits into its window: there is no extension to ask for.")
				return nil
			}
			now := p.At
			if c.String("plan") != "" { // saved some time ago
				now = localClock(c.Context)()
			}
			return p.letter(language, now)
		},
	}
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
	Measured         bool
	Conversations    string
	Recorded         string
	Calls, Bytes     string
	PerMinute, Why   string
	Clients          int
}

type letterClass struct{ Name, Closes, P50, P90 string }

func (p *plan) letter(language string, now time.Time) error {
	text, err := template.ParseFS(letters, "letters/"+language+".txt")
	if err != nil {
		return err
	}
	return text.Execute(os.Stdout, p.letterText(language, now))
}

func (p *plan) letterText(language string, now time.Time) letterText {
	words, n := letterLanguages[language], p.Extension
	date := func(at time.Time) string { return at.In(p.zone).Format(words.date) }
	blank := "______________________________"
	t := letterText{
		Date: date(latestOf(now, p.At)), AsOf: date(p.At), Customer: cmp.Or(p.Customer, blank), Organization: cmp.Or(p.Organization.Name, blank),
		OrganizationID: cmp.Or(p.Organization.ID, blank), Zone: p.Zone,
		Until: date(n.Until.Add(-1)), LastDay: date(n.RequestBy.Add(-1)), Days: n.Days, Margin: int(math.Round(n.Margin)), Late: n.Late || !now.Before(n.RequestBy),
		Recordings: contains(n.Classes, exporter.Recordings), Measured: p.Measured,
	}
	var first time.Time
	for _, e := range p.Endings {
		if !contains(n.Classes, e.Class) {
			continue
		}
		if first.IsZero() || e.Closes.Before(first) {
			first = e.Closes
		}
		t.Classes = append(t.Classes, letterClass{words.classes[e.Class], date(e.Closes.Add(-1)), date(e.P50), date(e.P90)})
	}
	t.Closes = date(first.Add(-1))
	if inv := p.Inventory; inv != nil {
		t.Conversations, t.Recorded, t.Calls = rounded(inv.Conversations.Mid), rounded(inv.Recorded.Mid), rounded(p.Calls)
		t.PerMinute, t.Clients, t.Why = count(int64(p.Supply.CallsPerMinute.Mid)), p.Settings.Clients, strings.Join(p.why(), ",\n  ")
		if total := p.bytes(); total > 0 {
			t.Bytes = bytesText(int64(total))
		}
		if language == "ja" {
			for _, n := range []*string{&t.Conversations, &t.Recorded} {
				*n = "約 " + *n + " 件"
			}
			t.Calls, t.PerMinute = "約 "+t.Calls+" 回", t.PerMinute+" 回"
		}
	}
	return t
}
