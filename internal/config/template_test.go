package config_test

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"exitplan/internal/config"
)

var required = map[string]string{
	"contract.time_zone":          "Asia/Tokyo",
	"contract.subscription_start": "2021-04-01",
	"contract.termination_date":   "2026-12-31",
	"source.region":               "ap-northeast-1",
	"source.client_id":            "0f3c",
	"source.client_secret_file":   "secret",
	"destination.url":             "s3://acme-exit/genesys",
}

func TestTheTemplateLoadsOnceItsRequiredValuesAreFilled(t *testing.T) {
	text := config.Template(required)
	got := load(t, write(t, text), nil, nil)
	want := load(t, write(t, ""), nil, mapWith(required, "source.client_secret_file", ""), config.NeedContract, config.NeedDestination)
	got.File, got.State, got.Source.ClientSecret = "", "", config.Secret{}
	want.File, want.State = "", ""
	if !reflect.DeepEqual(got, want) {
		t.Errorf("the template says other than the defaults:\n%+v\n%+v", got, want)
	}
	for path := range required {
		short := config.Template(mapWith(required, path, ""))
		if lines := problemsOf(t, write(t, short), nil, nil); len(lines) != 1 || !strings.HasPrefix(lines[0], path+":") {
			t.Errorf("without %s: %q", path, lines)
		}
	}
}

func TestTheTemplateMarksWhatIsRequired(t *testing.T) {
	text := config.Template(nil)
	var keys []string
	for _, line := range problemsOf(t, write(t, text), nil, nil) {
		key, _, _ := strings.Cut(line, ":")
		keys = append(keys, key[strings.LastIndex(key, ".")+1:])
	}
	for line := range strings.Lines(text) {
		key, _, _ := strings.Cut(strings.TrimSpace(line), ":")
		if marked, missing := strings.Contains(line, "# required") && !strings.Contains(line, "required for"), slices.Contains(keys, key); marked && !missing {
			t.Errorf("%q is not required", line)
		}
	}
	if len(keys) != len(required) {
		t.Errorf("missing %q, want the keys of %v", keys, required)
	}
}

// Whatever a person answers to init stands in the file as it was answered,
// and comments stay.
func TestTheTemplateTakesValuesAsTheyAre(t *testing.T) {
	for _, customer := range []string{
		"Example KK", `"quoted"`, "a: b", "# no comment", "null", "~", "yes", "- x", "*x", "&x", "{}", "'", "山田 & Söhne", "trailing ", "100%", "a # b", "1e3", "\u0085",
	} {
		text := config.Template(mapWith(required, "contract.customer", customer))
		if customer == "\u0085" { // a control character is told of, not written raw
			problemsOf(t, write(t, text), nil, nil)
			continue
		}
		if got := load(t, write(t, text), nil, nil).Contract.Customer; got != customer {
			t.Errorf("%q became %q", customer, got)
		}
	}
	values := mapWith(required, "source.datasets", "all, -routing.*")
	values["contract.extensions"] = "- requested: 2026-12-10 # soon\n  until: 2027-01-31\n  classes: [recordings]\n  reference: 'a: b # c'\n"
	values["source.interval.to"] = "2026-06-30"
	values["concurrency.api"] = "4"
	values["destination.object_lock.mode"] = "COMPLIANCE"
	values["destination.object_lock.retain_until"] = "2030-01-01"
	values["no.such"], values["source"], values["contract.extensions.x"] = "x", "{region: x}", "y"
	text := config.Template(values)
	cfg := load(t, write(t, text), nil, nil)
	if !slices.Equal(cfg.Source.Datasets, []string{"all", "-routing.*"}) || cfg.Concurrency.API != 4 || cfg.Destination.ObjectLock.Mode != "COMPLIANCE" ||
		cfg.Source.Interval.To.IsZero() || cfg.Source.Region != "ap-northeast-1" {
		t.Errorf("%+v", cfg)
	}
	if e := cfg.Contract.Extensions; len(e) != 1 || e[0].Reference != "a: b # c" || !e[0].Granted.IsZero() {
		t.Errorf("extensions %+v", e)
	}
	if !strings.Contains(text, "# requests at once") || strings.Count(text, "#") < strings.Count(config.Template(nil), "#") {
		t.Errorf("comments are gone:\n%s", text)
	}
}

func TestTheTemplateHasEveryKey(t *testing.T) {
	text := config.Template(nil)
	for line := range strings.Lines(example + "  allow_cross_region:\n") {
		key, _, ok := strings.Cut(strings.TrimSpace(line), ":")
		if ok && !strings.HasPrefix(key, "-") && !strings.Contains(text, key+":") {
			t.Errorf("%s is missing", key)
		}
	}
}

func mapWith(m map[string]string, key, value string) map[string]string {
	with := map[string]string{}
	for k, v := range m {
		with[k] = v
	}
	with[key] = value
	return with
}
