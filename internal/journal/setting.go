package journal

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Change is one setting that differs from the frozen one. A setting that is
// absent has the empty value.
type Change struct {
	Key string `json:"key"`
	Was string `json:"was"`
	Now string `json:"now"`
}

// SettingsChanged is the error of a run whose settings are not those that
// were frozen. The differences are sorted by key.
type SettingsChanged struct {
	Changed []Change
}

func (e *SettingsChanged) Error() string {
	list := make([]string, len(e.Changed))
	for i, c := range e.Changed {
		list[i] = fmt.Sprintf("%s was %q and is now %q", c.Key, c.Was, c.Now)
	}
	return "the settings of this export were frozen at its first run and differ now: " +
		strings.Join(list, "; ") + " (restore them, or accept the differences with --amend)"
}

// Freeze records the settings that decide what is exported and where, at the
// first run; in a later run it compares. A difference is *SettingsChanged.
func (j *Journal) Freeze(ctx context.Context, settings map[string]string) error {
	return j.write(ctx, func(t *tx) error {
		changed, first, err := t.compare(settings)
		switch {
		case err != nil:
			return err
		case first:
			return t.freeze(settings)
		case len(changed) > 0:
			return &SettingsChanged{Changed: changed}
		}
		return nil
	}, nil)
}

// Amend accepts settings that differ from the frozen ones, and records the
// differences as a custody event of kind "settings-amended".
func (j *Journal) Amend(ctx context.Context, settings map[string]string) error {
	return j.write(ctx, func(t *tx) error {
		changed, first, err := t.compare(settings)
		if err != nil || !first && len(changed) == 0 {
			return err
		}
		if !first {
			e := Event{Kind: "settings-amended", Detail: map[string]string{}}
			for _, c := range changed {
				e.Detail[c.Key] = fmt.Sprintf("%q -> %q", c.Was, c.Now)
			}
			if err := t.record(e, j.now()); err != nil {
				return err
			}
		}
		return t.freeze(settings)
	}, nil)
}

// Settings reads the frozen settings; empty before the first run.
func (j *Journal) Settings(ctx context.Context) (map[string]string, error) {
	settings := map[string]string{}
	for s, err := range query(ctx, j, "SELECT key, value FROM setting", nil,
		func(scan func(...any) error) (s [2]string, err error) {
			err = scan(&s[0], &s[1])
			return s, err
		}) {
		if err != nil {
			return nil, err
		}
		settings[s[0]] = s[1]
	}
	return settings, nil
}

// compare lists how settings differ from the frozen ones; first says that
// nothing was frozen yet.
func (t *tx) compare(settings map[string]string) (changed []Change, first bool, err error) {
	found, err := t.get("SELECT 1 FROM meta WHERE key = 'frozen'", nil, new(int))
	if err != nil || !found {
		return nil, err == nil, err
	}
	frozen := map[string]string{}
	err = t.all("SELECT key, value FROM setting", nil, func(scan func(...any) error) error {
		var key, value string
		err := scan(&key, &value)
		frozen[key] = value
		return err
	})
	if err != nil {
		return nil, false, err
	}
	keys := maps.Clone(frozen)
	maps.Copy(keys, settings)
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		if frozen[key] != settings[key] {
			changed = append(changed, Change{Key: key, Was: frozen[key], Now: settings[key]})
		}
	}
	return changed, false, nil
}

// freeze replaces the frozen settings.
func (t *tx) freeze(settings map[string]string) error {
	if _, err := t.exec("DELETE FROM setting"); err != nil {
		return err
	}
	for key, value := range settings {
		if _, err := t.exec("INSERT INTO setting VALUES (?, ?)", key, value); err != nil {
			return err
		}
	}
	_, err := t.exec("INSERT OR IGNORE INTO meta VALUES ('frozen', 1)")
	return err
}
