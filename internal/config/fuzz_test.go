package config_test

import (
	"errors"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"exitplan/internal/config"
)

// Whatever the file, a variable and a flag hold: Load answers with a
// configuration whose settings load again to the same export, or with an
// ErrConfig of clean lines.
func FuzzLoad(f *testing.F) {
	f.Add(example, "all,-recordings", "{from: 2022-01-01}")
	f.Add(example, "-recor\x00\x00ds,a;b", "{from: 2022-01-01, to: 2023-01-01}")
	f.Add(config.Template(required), "[all, '*.media']", "")
	f.Add("a: &a [*a]\n", "- x", "[")
	f.Add("<<: {a: b}\n? {a: b}\n: c\n", "*", "{a: *b}")
	f.Add("--- |\n x\n---\n", "\x00", "{to: 0001-01-01}")
	f.Add("contract: {termination_date: 9999-12-31, time_zone: ../x}", "", "{to: 9998-12-31, from: 1970-01-01}")
	f.Add("source: {clients: [~, 3, {client_id: \"\\e[31m\"}]}", " ", "!!binary x")
	f.Fuzz(func(t *testing.T, file, datasets, interval string) {
		dir := t.TempDir()
		path := filepath.Join(dir, "exitplan.yaml")
		if err := os.WriteFile(path, []byte(file), 0o600); err != nil {
			t.Fatal(err)
		}
		cfg, err := config.Load(path, []string{"EXITPLAN_SOURCE_DATASETS=" + datasets},
			map[string]string{"source.interval": interval}, config.NeedContract, config.NeedDestination)
		if err != nil {
			var list *config.Error
			if !errors.As(err, &list) || !errors.Is(err, config.ErrConfig) || len(list.Problems) == 0 {
				t.Fatalf("%T %v", err, err)
			}
			for _, line := range list.Problems {
				if line == "" || strings.ContainsAny(line, "\n\r\x00\x1b") {
					t.Errorf("not a clean line: %q", line)
				}
			}
			return
		}
		settings, err := cfg.SettingsYAML()
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, settings, 0o600); err != nil {
			t.Fatal(err)
		}
		again, err := config.Load(path, nil, nil, config.NeedContract, config.NeedDestination)
		if err != nil {
			t.Fatalf("the settings do not load:\n%s\n%v", settings, err)
		}
		if !maps.Equal(cfg.Frozen(), again.Frozen()) {
			t.Errorf("frozen %v\nbecame %v", cfg.Frozen(), again.Frozen())
		}
	})
}

func FuzzTemplate(f *testing.F) {
	f.Add("customer", "2026-01-01", "[all]")
	f.Add("\"\\", ": #", "- a\n- b")
	f.Fuzz(func(t *testing.T, customer, zone, datasets string) {
		values := mapWith(required, "contract.customer", customer)
		values["contract.time_zone"], values["source.datasets"] = zone, datasets
		path := filepath.Join(t.TempDir(), "exitplan.yaml")
		if err := os.WriteFile(path, []byte(config.Template(values)), 0o600); err != nil {
			t.Fatal(err)
		}
		cfg, err := config.Load(path, nil, nil, config.NeedContract)
		if err != nil {
			if strings.Contains(err.Error(), "unknown key") || strings.Contains(err.Error(), "not YAML") {
				t.Errorf("%v in\n%s", err, config.Template(values))
			}
			return
		}
		if cfg.Contract.Customer != strings.ToValidUTF8(customer, "\uFFFD") {
			t.Errorf("customer %q became %q", customer, cfg.Contract.Customer)
		}
	})
}
