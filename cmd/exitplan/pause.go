package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"time"

	"github.com/urfave/cli/v2"

	"exitplan/internal/config"
)

// pauseFile lies in the state directory while the export is paused. It is no
// part of the journal, which a running export holds alone.
const pauseFile = "paused.json"

// pause is what pauseFile says.
type pause struct {
	At    time.Time `json:"at"`
	By    string    `json:"by"`
	Host  string    `json:"host"`
	Until time.Time `json:"until,omitzero"` // it ends by itself then; zero for never
	Note  string    `json:"note,omitempty"`
}

func (p *pause) String() string {
	text := fmt.Sprintf("paused since %s by %s", p.At.UTC().Format(time.RFC3339), p.By)
	if !p.Until.IsZero() {
		text += ", until " + p.Until.UTC().Format(time.RFC3339)
	}
	if p.Note != "" {
		text += ": " + p.Note
	}
	return text
}

func (p *pause) detail() map[string]string {
	detail := map[string]string{"by": p.By, "since": p.At.UTC().Format(time.RFC3339), "from_host": p.Host}
	if !p.Until.IsZero() {
		detail["until"] = p.Until.UTC().Format(time.RFC3339)
	}
	if p.Note != "" {
		detail["note"] = p.Note
	}
	return detail
}

func pauseCommand() *cli.Command {
	return &cli.Command{
		Name: "pause", Usage: "have a running export, and any that is started, wait until: exitplan resume",
		Description: "Within a second a running export starts no more requests and transfers; transfers in flight finish.\n" +
			"It stays, goes on from there when resumed, and ends with exit code 4 if the window closes meanwhile.",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "until", Usage: "go on by itself at this `TIME`: RFC 3339, or a while from now such as 90m"},
			&cli.StringFlag{Name: "note", Usage: "why, for the custody events"},
			&cli.StringFlag{Name: "by", Usage: "who pauses it (default: the user of this machine)"},
		},
		Action: func(c *cli.Context) error {
			cfg, err := readConfig(c, config.NeedNothing) // a ledger that was tampered with keeps nobody from it
			if err != nil {
				return err
			}
			p := &pause{At: localClock(c.Context)().UTC().Truncate(time.Second), By: cmp.Or(c.String("by"), whoever()), Note: c.String("note")}
			p.Host, _ = os.Hostname()
			if p.Until, err = instantOrWhile(c.String("until"), p.At); err != nil {
				return usage(fmt.Errorf("--until: %w", err))
			}
			if err := writePause(cfg.State, p); err != nil {
				return err
			}
			if c.Bool("json") {
				return printJSON(map[string]any{"paused": p})
			}
			fmt.Printf("The export in %s is %s.\nGo on with: exitplan resume\n", cfg.State, p)
			return nil
		},
	}
}

func resumeCommand() *cli.Command {
	return &cli.Command{
		Name: "resume", Usage: "let a paused export go on",
		Action: func(c *cli.Context) error {
			cfg, err := readConfig(c, config.NeedNothing)
			if err != nil {
				return err
			}
			p, err := readPause(cfg.State, localClock(c.Context)())
			if err != nil {
				return err
			}
			if err := os.Remove(filepath.Join(cfg.State, pauseFile)); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return fmt.Errorf("resume: %w", err)
			}
			switch {
			case c.Bool("json"):
				return printJSON(map[string]any{"resumed": p})
			case p == nil:
				fmt.Printf("The export in %s was not paused.\n", cfg.State)
			default:
				fmt.Printf("Resumed. The export in %s was %s.\n", cfg.State, p)
			}
			return nil
		},
	}
}

func whoever() string {
	if u, err := user.Current(); err == nil && u.Username != "" {
		return u.Username
	}
	return cmp.Or(os.Getenv("USER"), os.Getenv("USERNAME"), "somebody")
}

// instantOrWhile reads an instant, or how long it is until then; "" is zero.
func instantOrWhile(text string, now time.Time) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	at, err := time.Parse(time.RFC3339, text)
	if d, no := time.ParseDuration(text); err != nil && no == nil {
		at, err = now.Add(d), nil
	}
	if err != nil {
		return at, fmt.Errorf("%q is neither an RFC 3339 instant (2026-12-31T18:00:00+09:00) nor a while (90m)", text)
	}
	if !at.After(now) {
		return at, fmt.Errorf("%s is not in the future", at.UTC().Format(time.RFC3339))
	}
	return at.UTC(), nil
}

// writePause puts the file there whole or not at all. A directory that nobody
// has used yet is more likely a typing error than an export to come.
func writePause(state string, p *pause) error {
	if _, err := os.Stat(state); errors.Is(err, fs.ErrNotExist) {
		return noExport(state)
	}
	text, err := json.MarshalIndent(p, "", "  ")
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(state, pauseFile+"-")
	if err != nil {
		return fmt.Errorf("pause: %w", err)
	}
	_, err = f.Write(append(text, '\n'))
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = os.Rename(f.Name(), filepath.Join(state, pauseFile))
	}
	if err != nil {
		return errors.Join(fmt.Errorf("pause: %w", err), os.Remove(f.Name()))
	}
	return nil
}

// readPause says whether the export is paused now; nil if not. A file that
// nobody can read pauses too: somebody wanted it to.
func readPause(state string, now time.Time) (*pause, error) {
	path := filepath.Join(state, pauseFile)
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("is the export paused? %w", err)
	}
	p := &pause{}
	if err := json.Unmarshal(text, p); err != nil {
		return &pause{By: "somebody", Note: path + " cannot be read: " + err.Error()}, nil
	}
	if !p.Until.IsZero() && !now.Before(p.Until) {
		return nil, nil
	}
	return p, nil
}
