package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/urfave/cli/v2"

	"exitplan/exporter"
	"exitplan/internal/config"
	"exitplan/internal/contract"
	"exitplan/internal/dataset"
	"exitplan/internal/journal"
)

func protectCommand() *cli.Command {
	return &cli.Command{
		Name: "protect", Usage: "keep recordings that are still to be exported from being deleted by retention",
		Description: "Says what would be protected; only --apply and --release change anything, and no other command does.\n" +
			"Needs recording:deletionProtection:apply, and to release recording:deletionProtection:revoke.\n" +
			"Exit codes: 0 done, 3 some conversations were refused, 4 window closed, 6 credentials or permissions, 64 configuration, 130 interrupted.",
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "apply", Usage: "protect them; the same command goes on after an interruption"},
			&cli.BoolFlag{Name: "release", Usage: "release what this export protects"},
			&cli.StringFlag{Name: "until", Usage: "what is deleted before this `DATE` (default: 30 days after the window of recordings closes)"},
		},
		Action: func(c *cli.Context) error {
			switch apply, release := c.Bool("apply"), c.Bool("release"); {
			case apply && release:
				return usage(errors.New("protect: --apply or --release, not both"))
			case release && c.IsSet("until"):
				return usage(errors.New("protect: --release releases all that this export protects; leave --until out"))
			case apply || release:
				return changeProtection(c, release)
			}
			return planProtection(c)
		},
	}
}

// protectPlan is what is to be protected, or what was done.
type protectPlan struct {
	Until         time.Time `json:"until,omitzero"`
	Conversations int64     `json:"conversations"`
	Recordings    int64     `json:"recordings,omitempty"`
	First         time.Time `json:"first_delete_date,omitzero"`
	Last          time.Time `json:"last_delete_date,omitzero"`
	// Past are recordings whose date has come: those that are still there, an
	// export takes first.
	Past   int64 `json:"past,omitempty"`
	Before int64 `json:"protected_before"` // conversations, by this export

	Outcome string    `json:"outcome"` // planned, protected or released
	Refused []refusal `json:"refused,omitempty"`

	list []endangered // what is deleted first comes first
}

// endangered is a conversation some of whose recordings are to be deleted.
type endangered struct {
	id          string
	recordings  int64
	first, last time.Time
}

func (p *protectPlan) add(e endangered) {
	p.Conversations++
	p.Recordings += e.recordings
	if p.First.IsZero() || e.first.Before(p.First) {
		p.First = e.first
	}
	if e.last.After(p.Last) {
		p.Last = e.last
	}
}

// planProtection asks nobody, and runs beside an export.
func planProtection(c *cli.Context) (err error) {
	cfg, err := loadConfig(c, config.NeedNothing)
	if err != nil {
		return err
	}
	j, err := readJournal(c.Context, cfg.State)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, j.Close()) }()
	now, err := timeBy(c.Context, j)
	if err != nil {
		return err
	}
	until, err := protectUntil(c, cfg.Contract, now)
	if err != nil {
		return err
	}
	held, err := readProtected(cfg.State)
	if err != nil {
		return err
	}
	plan, err := endangeredBy(c.Context, j, held, now, until)
	if err != nil {
		return err
	}
	return plan.print(c)
}

// readJournal opens the journal of an export that has begun, for reading. One of
// a run that failed before it knew the organization holds none.
func readJournal(ctx context.Context, state string) (*journal.Journal, error) {
	j, err := journal.Open(ctx, state, journal.Options{ReadOnly: true})
	if errors.Is(err, fs.ErrNotExist) {
		return nil, noExport(state)
	}
	if err != nil {
		return nil, err
	}
	frozen, err := j.Settings(ctx)
	if err == nil && len(frozen) == 0 {
		err = noExport(state)
	}
	if err != nil {
		return nil, errors.Join(err, j.Close())
	}
	return j, nil
}

func noExport(state string) error {
	return usage(fmt.Errorf("no export has begun in %s: name its state directory with --state, or start with: exitplan export", state))
}

// begun says whether a journal is there, so that none is made for nothing.
func begun(state string) error {
	if _, err := os.Stat(filepath.Join(state, "journal.db")); errors.Is(err, fs.ErrNotExist) {
		return noExport(state)
	}
	return nil
}

// protectUntil is the flag's date, in the contract's zone, or follows from the
// window: what outlives it by so much is no concern of the export.
func protectUntil(c *cli.Context, terms contract.Terms, now time.Time) (time.Time, error) {
	zone := terms.Zone
	if zone == nil {
		zone = time.UTC
	}
	if text := c.String("until"); text != "" {
		until, err := time.ParseInLocation(time.DateOnly, text, zone)
		if err != nil {
			return until, usage(fmt.Errorf("--until %q: write a date such as 2027-01-31", text))
		}
		return until, nil
	}
	if terms.Zone != nil {
		if closes := terms.Decide(exporter.Recordings, now).Closes; !closes.IsZero() {
			return closes.AddDate(0, 0, 30), nil
		}
	}
	return time.Time{}, usage(errors.New("protect: the configuration has no window of recordings to go by; say --until DATE"))
}

// endangeredBy reads what is deleted before a time and is not protected yet.
func endangeredBy(ctx context.Context, j *journal.Journal, held protection, now, until time.Time) (*protectPlan, error) {
	settings, err := j.Settings(ctx)
	if err != nil {
		return nil, err
	}
	p := &protectPlan{Until: until.UTC(), Before: int64(len(held)), Outcome: "planned"}
	at := map[string]int{}
	for k, err := range j.Doomed(ctx, dataset.RecordingsName, frozenInterval(settings)) {
		if err != nil {
			return nil, err
		}
		if !k.Due.Before(until) {
			break // they come in order
		}
		id := conversationOf(k.Item)
		switch i, seen := at[id]; {
		case id == "" || held[id]:
		case !k.Due.After(now):
			p.Past++
		case seen:
			p.list[i].recordings++
			p.list[i].last = k.Due
		default:
			at[id] = len(p.list)
			p.list = append(p.list, endangered{id, 1, k.Due, k.Due})
		}
	}
	for _, e := range p.list {
		p.add(e)
	}
	return p, nil
}

func (p *protectPlan) print(c *cli.Context) error {
	if c.Bool("json") {
		return printJSON(p)
	}
	const minute = "2006-01-02 15:04"
	conversations := plural(p.Conversations, "conversation", "conversations")
	switch {
	case p.Outcome == released:
		fmt.Printf("Released %s.\n", conversations)
	case p.Outcome == protected && p.Conversations+int64(len(p.Refused)) > 0:
		fmt.Printf("Protected %s with %s. Once they are exported: exitplan protect --release\n",
			conversations, plural(p.Recordings, "recording", "recordings"))
	case p.Conversations == 0:
		fmt.Printf("Nothing is to be protected: of what is known, no recording that is neither stored nor excepted is deleted before %s (UTC).\n", p.Until.Format(minute))
	default:
		fmt.Printf("%s with %s that are neither stored nor excepted are deleted from %s to %s (UTC).\n→ %s\n", conversations,
			plural(p.Recordings, "recording", "recordings"), p.First.UTC().Format(minute), p.Last.UTC().Format(minute), protectThem)
	}
	if p.Past > 0 {
		fmt.Printf("The date of %s has come already; an export takes first what is still there.\n", plural(p.Past, "recording", "recordings"))
	}
	if p.Before > 0 && p.Outcome != released {
		fmt.Printf("Protected before: %s.\n", plural(p.Before, "conversation", "conversations"))
	}
	var names []string
	for _, r := range p.Refused {
		names = append(names, r.Conversation+" ("+r.Reason+")")
	}
	if len(names) > 0 {
		fmt.Printf("Refused %s: %s\n", plural(int64(len(names)), "conversation", "conversations"), fewOf(names))
	}
	return nil
}
