package config_test

import (
	"maps"
	"reflect"
	"strings"
	"testing"

	"exitplan/internal/config"
)

// What changes the export's content or place is frozen; nothing else is.
func TestFrozenIsWhatDecidesTheExport(t *testing.T) {
	before := load(t, write(t, example), nil, nil).Frozen()
	for path, test := range map[string]struct {
		value  string
		frozen string // the key that changes, "" for none
	}{
		"source.interval.from":        {"2022-01-01", "source.interval.from"},
		"source.interval.to":          {"2026-06-30", "source.interval.to"},
		"source.datasets":             {"all,-recordings", "source.datasets"},
		"recordings.metadata":         {"derived", "recordings.metadata"},
		"destination.url":             {"s3://acme-exit/other", "destination.url"},
		"export_id":                   {"second", "export_id"},
		"source.requests_per_minute":  {"100", ""},
		"source.headroom":             {"50%", ""},
		"source.clients":              {"[{client_id: b, client_secret_file: /dev/null}]", ""},
		"concurrency.transfers":       {"4", ""},
		"contract.extensions":         {"[]", ""},
		"contract.customer":           {"Other", ""},
		"contract.extension_notice":   {"30", ""},
		"destination.storage_class":   {"STANDARD_IA", ""},
		"destination.endpoint":        {"https://s3.example", ""},
		"source.client_secret_file":   {"elsewhere", ""},
		"contract.subscription_start": {"2020-01-01", ""}, // interval.from is written in the example
	} {
		after := load(t, write(t, example), []string{"EXITPLAN_SOURCE_CLIENT_SECRET=x"}, map[string]string{path: test.value},
			config.NeedContract, config.NeedDestination).Frozen()
		for key, value := range after {
			if changed := value != before[key]; changed != (key == test.frozen) {
				t.Errorf("%s=%s: %s went from %q to %q", path, test.value, key, before[key], value)
			}
		}
		if len(after) != len(before) {
			t.Errorf("%s: the keys differ", path)
		}
	}
}

func TestFrozenDoesNotDependOnSpelling(t *testing.T) {
	a := load(t, write(t, example), nil, nil).Frozen()
	b := load(t, write(t, edit(t, "{from: 2021-04-01, to: \"\"}", "{}")), nil, map[string]string{
		"destination.url": "s3://acme-exit/genesys//", "source.datasets": "[all]", "contract.subscription_start": "2021-03-31T15:00:00Z",
	}).Frozen()
	if !maps.Equal(a, b) {
		t.Errorf("%v\n%v", a, b)
	}
}

// What settings.yaml holds loads again, and means the same.
func TestSettingsRoundTrip(t *testing.T) {
	path := write(t, example)
	cfg := load(t, path, []string{"EXITPLAN_SOURCE_CLIENT_SECRET=" + topSecret}, map[string]string{
		"source.clients":          "[{client_id: b, client_secret_file: " + strings.TrimSuffix(path, "exitplan.yaml") + "secret}]",
		"source.headroom":         "12.5%",
		"destination.object_lock": "{mode: GOVERNANCE, retain_until: 2030-06-30}",
		"contract.customer":       `"#" 山田: null`,
		"contract.extensions":     "[{requested: 2026-12-10T09:00:00+09:00, granted: 2026-12-10, until: 2027-01-31, classes: [metrics]}, {requested: 2027-03-01, until: 2027-05-31, classes: [metrics, configuration], approver: Jo}]",
	})
	text, err := cfg.SettingsYAML()
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(text), "secret_file") || strings.Contains(string(text), cfg.State) {
		t.Errorf("paths of this machine in\n%s", text)
	}
	again := load(t, write(t, string(text)), nil, nil, config.NeedContract, config.NeedDestination)
	if !maps.Equal(cfg.Frozen(), again.Frozen()) {
		t.Errorf("frozen %v\nbecame %v", cfg.Frozen(), again.Frozen())
	}
	again.File, again.State = cfg.File, cfg.State
	again.Dates = cfg.Dates // written as instants now
	again.Source.ClientSecret, again.Source.Clients[0].Secret = cfg.Source.ClientSecret, cfg.Source.Clients[0].Secret
	if !reflect.DeepEqual(cfg, again) {
		t.Errorf("%+v\nbecame\n%+v", cfg, again)
	}
}

func TestSettingsOfAnEmptyConfiguration(t *testing.T) {
	text, err := config.Config{}.SettingsYAML()
	if err != nil || !strings.Contains(string(text), "contract:") {
		t.Errorf("%s, %v", text, err)
	}
}
