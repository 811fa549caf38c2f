package config_test

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"exitplan/internal/config"
)

func TestExampleOfTheDesignLoads(t *testing.T) {
	path := write(t, example)
	cfg := load(t, path, nil, nil)
	if cfg.File != path {
		t.Errorf("File %q", cfg.File)
	}
	if got := cfg.Contract.Termination.Format(time.RFC3339); got != "2026-12-31T15:00:00Z" {
		t.Errorf("termination %s, want the end of the day in Tokyo", got)
	}
	if c := cfg.Contract; c.Customer != "Example KK" || c.Zone.String() != "Asia/Tokyo" || c.Extensions[0].Reference != "SO-1234" {
		t.Errorf("contract %+v", c)
	}
	closes, open := cfg.Contract.Until("recordings", time.Date(2027, 1, 15, 0, 0, 0, 0, time.UTC))
	if !open || closes.Format(time.RFC3339) != "2027-01-31T15:00:00Z" {
		t.Errorf("the extension does not count: %v %v", closes, open)
	}
	if got := cfg.Source.ClientSecret.Reveal(); got != topSecret {
		t.Errorf("secret %q, want it without the line break", got)
	}
	if got := cfg.Source.Interval.From.Format(time.RFC3339); got != "2021-03-31T15:00:00Z" || !cfg.Source.Interval.To.IsZero() {
		t.Errorf("interval %+v", cfg.Source.Interval)
	}
	if cfg.Source.Headroom != 0.2 || cfg.Source.RequestsPerMinute != 300 || !slices.Equal(cfg.Source.Datasets, []string{"all"}) {
		t.Errorf("source %+v", cfg.Source)
	}
	if cfg.Concurrency != (config.Concurrency{API: 8, Transfers: 32}) {
		t.Errorf("concurrency %+v", cfg.Concurrency)
	}
}

func TestDefaultsAreThoseOfTheDesign(t *testing.T) {
	minimal := `
contract: {time_zone: Asia/Tokyo, subscription_start: 2021-04-01, exit_started: 2026-11-01, termination_date: 2026-12-31,
  extensions: [{requested: 2026-12-10, granted: 2026-12-15, until: 2027-01-31, classes: [metrics, recordings], reference: SO-1234}], customer: Example KK}
source: {region: ap-northeast-1, client_id: 0f3c, client_secret_file: secret}
destination: {url: "s3://acme-exit/genesys/", region: ap-northeast-1}
`
	full, short := write(t, example), write(t, minimal)
	a, b := load(t, full, nil, nil), load(t, short, nil, nil)
	if filepath.Dir(a.State) != filepath.Dir(full) || filepath.Dir(b.State) != filepath.Dir(short) {
		t.Errorf("state is not beside the file: %s, %s", a.State, b.State)
	}
	a.File, b.File, a.State, b.State = "", "", "", ""
	if !reflect.DeepEqual(a, b) {
		t.Errorf("full %+v\nshort %+v", a, b)
	}
}

func TestFlagsWinOverEnvironmentOverFile(t *testing.T) {
	path := write(t, edit(t, "region: ap-northeast-1\n  client_id", "region: eu-west-1\n  client_id"))
	env := []string{"EXITPLAN_SOURCE_REGION=us-west-2"}
	flags := map[string]string{"source.region": "sa-east-1"}
	for _, test := range []struct {
		env   []string
		flags map[string]string
		want  string
	}{
		{nil, nil, "eu-west-1"},
		{env, nil, "us-west-2"},
		{nil, flags, "sa-east-1"},
		{env, flags, "sa-east-1"},
		{[]string{"EXITPLAN_SOURCE_REGION="}, nil, "eu-west-1"}, // an empty variable is not set
	} {
		if got := load(t, path, test.env, test.flags).Source.Region; got != test.want {
			t.Errorf("env %v, flags %v: region %s, want %s", test.env, test.flags, got, test.want)
		}
	}
}

func TestAnEmptyFlagMeansTheDefault(t *testing.T) {
	path := write(t, edit(t, "endpoint: \"\"", "endpoint: https://s3.example"))
	cfg := load(t, path, nil, map[string]string{"destination.endpoint": "", "concurrency.api": "", "source.datasets": "", "state": ""})
	if cfg.Destination.Endpoint != "" || cfg.Concurrency.API != 8 || !slices.Equal(cfg.Source.Datasets, []string{"all"}) {
		t.Errorf("%+v", cfg)
	}
	if cfg.State != filepath.Join(filepath.Dir(path), ".exitplan") {
		t.Errorf("state %s", cfg.State)
	}
}

func TestEverythingFromTheEnvironmentAlone(t *testing.T) {
	t.Chdir(t.TempDir())
	cfg := load(t, "", []string{
		"PATH=/bin",
		"EXITPLAN_CONTRACT_TIME_ZONE=America/Sao_Paulo",
		"EXITPLAN_CONTRACT_SUBSCRIPTION_START=2018-01-01",
		"EXITPLAN_CONTRACT_TERMINATION_DATE=2018-11-03",
		`EXITPLAN_CONTRACT_EXTENSIONS=[{"requested":"2018-11-01","granted":"2018-11-02","until":"2018-12-31","classes":["recordings"]}]`,
		"EXITPLAN_SOURCE_REGION=sa-east-1",
		"EXITPLAN_SOURCE_CLIENT_ID=12345678901234567890",
		"EXITPLAN_SOURCE_CLIENT_SECRET=" + topSecret,
		"EXITPLAN_SOURCE_INTERVAL={from: 2018-02-01, to: 2018-02-28}",
		"EXITPLAN_SOURCE_INTERVAL_TO=2018-03-31",
		"EXITPLAN_SOURCE_DATASETS=all,-routing.*",
		"EXITPLAN_SOURCE_HEADROOM=0%",
		"EXITPLAN_DESTINATION_URL=file:///data/exit",
		"EXITPLAN_DESTINATION_ALLOW_CROSS_REGION=true",
		"EXITPLAN_DESTINATION_OBJECT_LOCK_MODE=COMPLIANCE",
		"EXITPLAN_DESTINATION_OBJECT_LOCK_RETAIN_UNTIL=2028-02-29",
		"EXITPLAN_CONCURRENCY={api: 2}",
		"EXITPLAN_STATE=here",
	}, nil)
	if cfg.File != "" || cfg.State != "here" {
		t.Errorf("file %q, state %q", cfg.File, cfg.State)
	}
	if got := cfg.Contract.Termination.Format(time.RFC3339); got != "2018-11-04T03:00:00Z" {
		t.Errorf("termination %s", got)
	}
	if len(cfg.Contract.Extensions) != 1 || len(cfg.Contract.Windows("recordings")) != 1 {
		t.Errorf("extensions %+v", cfg.Contract.Extensions)
	}
	if got := cfg.Source.Interval; got.From.Format(time.DateOnly) != "2018-02-01" || got.To.Format(time.RFC3339) != "2018-04-01T03:00:00Z" {
		t.Errorf("interval %+v: a variable of a member must win over that of its object", got)
	}
	if cfg.Source.ClientID != "12345678901234567890" || !slices.Equal(cfg.Source.Datasets, []string{"all", "-routing.*"}) || cfg.Source.Headroom != 0 {
		t.Errorf("source %+v", cfg.Source)
	}
	if cfg.Source.ClientSecret.Reveal() != topSecret {
		t.Error("the secret was not read")
	}
	if !cfg.Destination.AllowCrossRegion || cfg.Destination.ObjectLock.RetainUntil.Format(time.RFC3339) != "2028-03-01T03:00:00Z" {
		t.Errorf("destination %+v", cfg.Destination)
	}
	if cfg.Concurrency != (config.Concurrency{API: 2, Transfers: 32}) {
		t.Errorf("concurrency %+v: an object sets only the keys it names", cfg.Concurrency)
	}
}

// Every key of the example has the variable that the design promises.
func TestEveryKeyHasAVariable(t *testing.T) {
	section := ""
	for line := range strings.Lines(example) {
		name, _, ok := strings.Cut(strings.TrimSpace(line), ":")
		if !ok || strings.HasPrefix(name, "-") {
			continue
		}
		variable := "EXITPLAN_" + strings.ToUpper(name)
		if strings.HasPrefix(line, " ") {
			variable = "EXITPLAN_" + strings.ToUpper(section) + "_" + strings.ToUpper(name)
		} else {
			section = name
		}
		// A map fits no key but an object, so each answers with its name.
		_, err := config.Load(write(t, ""), []string{variable + "={no_such_key: [1]}"}, nil, config.NeedNothing)
		if err != nil && strings.Contains(err.Error(), "unknown variable") {
			t.Errorf("%s: %v", variable, err)
		}
	}
}

func TestTheFileIsFoundAsTheDesignSays(t *testing.T) {
	here, there := write(t, example), write(t, edit(t, "Example KK", "There"))
	t.Chdir(filepath.Dir(here))
	if cfg := load(t, "", nil, nil); cfg.Contract.Customer != "Example KK" || cfg.State != ".exitplan" {
		t.Errorf("default file: %+v", cfg)
	}
	if cfg := load(t, "", []string{"EXITPLAN_CONFIG=" + there}, nil); cfg.Contract.Customer != "There" {
		t.Errorf("EXITPLAN_CONFIG: %+v", cfg)
	}
	if cfg := load(t, here, []string{"EXITPLAN_CONFIG=" + there}, nil); cfg.Contract.Customer != "Example KK" {
		t.Errorf("the flag must win: %+v", cfg)
	}
}

func TestAMissingFileIsNamed(t *testing.T) {
	dir := t.TempDir()
	missing := filepath.Join(dir, "no.yaml")
	for _, env := range [][]string{nil, {"EXITPLAN_CONFIG=" + missing}} {
		path := missing
		if env != nil {
			path = ""
		}
		lines := problemsOf(t, path, env, nil, config.NeedNothing)
		if len(lines) != 1 || !strings.HasPrefix(lines[0], missing+": does not exist") || !strings.Contains(lines[0], "exitplan init") {
			t.Errorf("%q", lines)
		}
	}
	if lines := problemsOf(t, dir, nil, nil, config.NeedNothing); !strings.Contains(lines[0], "directory") {
		t.Errorf("%q", lines)
	}
	t.Chdir(dir)
	if cfg := load(t, "", nil, nil, config.NeedNothing); cfg.File != "" || cfg.State != ".exitplan" {
		t.Errorf("without a file: %+v", cfg)
	}
}

func TestACommandNeedsOnlyItsSections(t *testing.T) {
	path := write(t, `contract: {time_zone: UTC, subscription_start: 2021-04-01, termination_date: 2026-12-31}`)
	load(t, path, nil, nil, config.NeedContract)
	for _, needed := range [][]config.Section{nil, {config.NeedSource}, {config.NeedDestination}} {
		problemsOf(t, path, nil, nil, needed...)
	}
	// A secret that is not there is no obstacle to a command that needs none.
	load(t, write(t, edit(t, "client_secret_file: secret", "client_secret_file: gone")), nil, nil, config.NeedContract, config.NeedDestination)
	// What is given is checked, needed or not.
	problemsOf(t, write(t, edit(t, "headroom: 20%", "headroom: 200%")), nil, nil, config.NeedNothing)
}

func TestPathsInTheFileAreRelativeToIt(t *testing.T) {
	path := write(t, edit(t, "clients: []", "clients: [{client_id: second, client_secret_file: secret}]"))
	t.Chdir(t.TempDir())
	cfg := load(t, path, nil, nil)
	if cfg.Source.ClientSecret.Reveal() != topSecret || cfg.Source.Clients[0].Secret.Reveal() != topSecret {
		t.Error("secrets beside the file were not read")
	}
	if got := load(t, path, []string{"EXITPLAN_STATE=here"}, nil).State; got != "here" {
		t.Errorf("state %q from a variable is relative to the working directory", got)
	}
	abs := filepath.Join(os.TempDir(), "elsewhere")
	if got := load(t, write(t, edit(t, "state: .exitplan", "state: "+abs)), nil, nil).State; got != abs {
		t.Errorf("absolute state became %q", got)
	}
}

// How a bucket is reached does not depend on what else the file says.
func TestTheDestinationAlone(t *testing.T) {
	path := write(t, "contract: {time_zone: Mars}\nsorce: x\ndestination: {url: s3://b/x, endpoint: https://s3.example}\n")
	d, err := config.LoadDestination(path, []string{"EXITPLAN_SOURCE_REGOIN=x", "EXITPLAN_DESTINATION_REGION=eu-west-1"}, map[string]string{"destination.path_style": "true"})
	if err != nil || d.URL != "s3://b/x" || d.Endpoint != "https://s3.example" || d.Region != "eu-west-1" || !d.PathStyle {
		t.Errorf("%+v %v", d, err)
	}
	if d, err := config.LoadDestination("", nil, nil); err != nil || d.URL != "" {
		t.Errorf("without a file: %+v %v", d, err)
	}
	for _, text := range []string{"destination: {endpoint: s3.example}\n", "destnation: {endpoint: https://s3.example}\n", "\t", "x"} {
		if _, err := config.LoadDestination(write(t, text), nil, nil); !errors.Is(err, config.ErrConfig) {
			t.Errorf("%q: %v", text, err)
		}
	}
	for _, env := range []string{"EXITPLAN_DESTINATION_ENDPIONT=https://x", "EXITPLAN_DESTINATION_COLOUR=x"} {
		if _, err := config.LoadDestination("", []string{env}, nil); !errors.Is(err, config.ErrConfig) {
			t.Errorf("%s: %v", env, err)
		}
	}
}
