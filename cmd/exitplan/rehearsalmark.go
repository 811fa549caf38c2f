package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"

	"exitplan/manifest"
)

// rehearsalLabel marks each bag of a rehearsal in its bag-info.txt.
const rehearsalLabel = "Exitplan-Rehearsal"

// title names the export for people.
func (s *session) title() string {
	title := "Genesys Cloud organization " + s.org.Name
	if s.rehearsal != nil {
		title = "Rehearsal of " + s.rehearsal.date + ", " + title
	}
	return title
}

// note says at the top of a text that it is about a rehearsal.
func (r *rehearsal) note(comment string) string {
	if r == nil {
		return ""
	}
	return comment + "REHEARSAL of " + r.String() + ".\n" + comment + "\n"
}

// settingsYAML are the settings as they were configured, whatever a rehearsal
// may do.
func (s *session) settingsYAML() ([]byte, error) {
	cfg := s.cfg
	if s.rehearsal != nil {
		cfg.Contract = s.rehearsal.contract
	}
	text, err := cfg.SettingsYAML()
	return append([]byte(s.rehearsal.note("# ")), text...), err
}

func writeText(text string) func(io.Writer) error {
	return func(w io.Writer) error {
		_, err := io.WriteString(w, text)
		return err
	}
}

// rehearsalAt is what a bag, or the root bag of an export, says of the rehearsal
// that it belongs to; empty for none.
func rehearsalAt(ctx context.Context, store manifest.Opener) (string, error) {
	for _, at := range []string{"root/bag-info.txt", "bag-info.txt"} {
		body, err := store.Open(ctx, at)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return "", err
		}
		text, err := io.ReadAll(io.LimitReader(body, 1<<20))
		if err = errors.Join(err, body.Close()); err != nil {
			return "", err
		}
		info, _ := manifest.ParseInfo(bytes.NewReader(text)) // what is odd about it, verify says
		mark, _ := info.Get(rehearsalLabel)
		return mark, nil
	}
	return "", nil
}
