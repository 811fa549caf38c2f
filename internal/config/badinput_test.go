package config_test

import (
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"exitplan/internal/config"
)

// Each edit of the example is answered with one line, which begins with the
// key, says what to do, and where.
func TestBadInput(t *testing.T) {
	// Some mistakes have a second consequence, which is reported as well.
	followed := []string{"end before start"}
	for _, test := range []struct{ name, old, new, want string }{
		{"misspelt key", "  region: ap-northeast-1\n  client_id", "  regoin: ap-northeast-1\n  region: x\n  client_id", "source.regoin: unknown key; did you mean source.region?"},
		{"misspelt section", "recordings:\n", "recodings:\n", "recodings: unknown key; did you mean recordings?"},
		{"key in capitals", "  customer:", "  Customer:", "contract.Customer: unknown key; did you mean contract.customer?"},
		{"key in the wrong section", "state: .exitplan", "headroom: 20%", "headroom: unknown key; did you mean source.headroom?"},
		{"key like no other", "  customer: Example KK", "  favourite_colour: blue", "contract.favourite_colour: unknown key; valid here: customer, time_zone"},
		{"misspelt key of an extension", "reference: SO-1234", "referense: SO-1234", "contract.extensions[0].referense: unknown key; did you mean contract.extensions[0].reference?"},
		{"misspelt key of the interval", "{from: 2021-04-01,", "{form: 2021-04-01,", "source.interval.form: unknown key; did you mean source.interval.from?"},
		{"key twice", "  region: ap-northeast-1\n  client_id", "  region: a\n  region: b\n  client_id", "source.region: is set twice, first on line"},
		{"section twice", "state: .exitplan", "recordings: {}", "recordings: is set twice"},
		{"secret in the file", "client_secret_file: secret", "client_secret: abc123\n  client_secret_file: secret", "source.client_secret: a secret does not belong here"},
		{"secret of a client in the file", "clients: []", "clients: [{client_id: b, client_secret: abc123, client_secret_file: secret}]", "source.clients[0].client_secret: a secret does not belong here"},
		{"merge key", "concurrency: {", "concurrency: {<<: {api: 1}, ", "concurrency.<<: merge keys are not supported"},
		{"alias", "api_url: \"\"\n  login_url: \"\"", "api_url: &a https://x.example\n  login_url: *a", "source.login_url: aliases (*a) are not supported"},
		{"list where a value belongs", "customer: Example KK", "customer: [a]", "contract.customer: must be a single value, not a list"},
		{"value where an object belongs", "concurrency: {api: 8, transfers: 32}", "concurrency: 8", `concurrency: must be keys and values, not "8"`},
		{"object where a list belongs", "clients: []", "clients: {a: b}", "source.clients: must be a list such as [a, b], not keys and values"},
		{"line break", "client_id: 0f3c", `client_id: "a\nb"`, `source.client_id: "a\nb" holds a line break`},

		{"end before start", "termination_date: 2026-12-31", "termination_date: 2021-03-31", "contract.termination_date: 2021-04-01T00:00:00+09:00 is not after subscription_start"},
		{"extension before termination", "until: 2027-01-31", "until: 2026-12-30", "contract.extensions[0].until: 2026-12-31T00:00:00+09:00 must be after termination, 2027-01-01T00:00:00+09:00"},
		{"late request for recordings", "requested: 2026-12-10, granted: 2026-12-15", "requested: 2027-01-01, granted: 2027-01-02", "contract.extensions[0].requested: is too late for recordings"},
		{"granted before requested", "granted: 2026-12-15", "granted: 2026-12-09", "contract.extensions[0].granted: 2026-12-09T00:00:00+09:00 is before the request"},
		{"exit after termination", "exit_started: 2026-11-01", "exit_started: 2027-01-02", "contract.exit_started: 2027-01-02T00:00:00+09:00 is after termination"},
		{"no such day", "termination_date: 2026-12-31", "termination_date: 2026-02-29", `contract.termination_date: "2026-02-29" is neither a date`},
		{"time without a zone", "exit_started: 2026-11-01", "exit_started: 2026-11-01T10:00:00", `contract.exit_started: "2026-11-01T10:00:00" is neither`},
		{"unknown zone", "time_zone: Asia/Tokyo", "time_zone: Asia/Tokio", `contract.time_zone: "Asia/Tokio" is not an IANA time zone`},
		{"zone of the machine", "time_zone: Asia/Tokyo", "time_zone: Local", `contract.time_zone: "Local" depends on the machine`},
		{"no zone", "time_zone: Asia/Tokyo", "time_zone: ''", "contract.time_zone: no time zone"},
		{"unknown cause", "cause: notice", "cause: anger", `contract.cause: "anger" is unknown; write notice or expiry`},
		{"unknown class", "classes: [metrics, recordings]", "classes: [metrics, recording]", `contract.extensions[0].classes: "recording" is unknown`},
		{"no classes", "classes: [metrics, recordings]", "classes: []", "contract.extensions[0].classes: is empty"},

		{"interval backwards", "{from: 2021-04-01, to: \"\"}", "{from: 2022-04-01, to: 2022-03-30}", "source.interval: ends before it starts"},
		{"percentage without sign", "headroom: 20%", "headroom: 20", `source.headroom: "20" is not a percentage`},
		{"all of it as headroom", "headroom: 20%", "headroom: 100%", `source.headroom: "100%" is not a percentage from 0% to less than 100%`},
		{"percentage that is no number", "headroom: 20%", "headroom: NaN%", `source.headroom: "NaN%"`},
		{"number in words", "requests_per_minute: 300", "requests_per_minute: many", `source.requests_per_minute: "many" is not a whole number`},
		{"no requests at all", "requests_per_minute: 300", "requests_per_minute: 0", "source.requests_per_minute: 0 is out of range"},
		{"too many transfers", "transfers: 32", "transfers: 100000", "concurrency.transfers: 100000 is out of range; write a number from 1 to 1024"},
		{"class that cannot be read", `storage_class: ""`, "storage_class: GLACIER", "destination.storage_class: GLACIER cannot be read"},
		{"class that cannot be read either", `storage_class: ""`, "storage_class: DEEP_ARCHIVE", "destination.storage_class: DEEP_ARCHIVE cannot be read"},
		{"truth in other words", "path_style: false", "path_style: no", `destination.path_style: "no" is neither true nor false`},
		{"glob that is none", "datasets: [all]", "datasets: ['[a']", `source.datasets[0]: "[a" is not a name`},
		{"same client twice", "clients: []", "clients: [{client_id: 0f3c, client_secret_file: secret}]", "source.clients[0].client_id: is the same client"},
		{"client without secret", "clients: []", "clients: [{client_id: b}]", "source.clients[0].client_secret_file: is missing"},
		{"region that is none", "  region: ap-northeast-1\n  client_id", "  region: https://x\n  client_id", `source.region: "https://x" is not valid; write an AWS region`},
		{"no region", "  region: ap-northeast-1\n  client_id", "  client_id", "source.region: is missing"},
		{"no client", "client_id: 0f3c", "client_id: ''", "source.client_id: is missing"},
		{"no secret", "client_secret_file: secret", "client_secret_file: ''", "source.client_secret_file: is missing; name a file that holds the client secret, or set EXITPLAN_SOURCE_CLIENT_SECRET"},
		{"secret that is not there", "client_secret_file: secret", "client_secret_file: gone", "source.client_secret_file: "},
		{"plain HTTP", "api_url: \"\"", "api_url: http://api.example", `source.api_url: "http://api.example" is not encrypted`},
		{"address that is none", "login_url: \"\"", "login_url: example", "source.login_url: is not an address"},

		{"unknown method", "method: pull", "method: push", `recordings.method: "push" is unknown; write pull or bulk`},
		{"bulk without integration", "method: pull", "method: bulk", "recordings.integration_id: is missing"},
		{"unknown metadata", "metadata: full", "metadata: some", `recordings.metadata: "some" is unknown; write full or derived`},

		{"no destination", "url: s3://acme-exit/genesys", "url: ''", "destination.url: is missing"},
		{"directory without scheme", "url: s3://acme-exit/genesys", "url: /data/exit", `destination.url: "/data/exit" is neither s3://bucket/prefix nor file:///directory`},
		{"relative directory", "url: s3://acme-exit/genesys", "url: file://exit", `destination.url: "file://exit" is not an absolute directory`},
		{"no bucket", "url: s3://acme-exit/genesys", "url: s3:///genesys", `destination.url: "s3:///genesys" names no bucket`},
		{"unknown encryption", "sse: AES256", "sse: none", `destination.sse: "none" is unknown; write AES256 or aws:kms`},
		{"KMS without key", "sse: AES256", "sse: aws:kms", "destination.kms_key_id: is missing"},
		{"key without KMS", "kms_key_id: \"\"", "kms_key_id: abc", "destination.kms_key_id: has no effect with destination.sse AES256"},
		{"owner that is none", "expected_bucket_owner: \"\"", "expected_bucket_owner: acme", "destination.expected_bucket_owner:"},
		{"lock without end", "mode: \"\"", "mode: COMPLIANCE", "destination.object_lock.retain_until: is missing"},
		{"lock without mode", "retain_until: \"\"", "retain_until: 2030-01-01", "destination.object_lock.mode: is missing"},
		{"export id that climbs", "export_id: \"\"", "export_id: ../other", `export_id: "../other" is not valid`},
	} {
		t.Run(test.name, func(t *testing.T) {
			lines := problemsOf(t, write(t, edit(t, test.old, test.new)), nil, nil)
			if !strings.HasPrefix(lines[0], test.want) {
				t.Errorf("got  %s\nwant %s", strings.Join(lines, "\n     "), test.want)
			}
			if len(lines) != 1 && !slices.Contains(followed, test.name) {
				t.Errorf("%d lines:\n%s", len(lines), strings.Join(lines, "\n"))
			}
			if !strings.Contains(lines[0], "exitplan.yaml line") && !strings.Contains(lines[0], "missing") {
				t.Errorf("no place: %s", lines[0])
			}
		})
	}
}

func TestAllProblemsAreReportedTogether(t *testing.T) {
	text := edit(t, "termination_date: 2026-12-31", "termination_date: 2021-03-31")
	text = strings.Replace(text, "headroom: 20%", "headrom: 20%", 1)
	text = strings.Replace(text, "method: pull", "method: push", 1)
	lines := problemsOf(t, write(t, text), []string{"EXITPLAN_CONCURRENCY_API=none", "EXITPLAN_SOURCE_REGON=x"},
		map[string]string{"destination.url": "ftp://x", "destinaton.sse": "AES256"})
	for _, want := range []string{
		"source.headrom: unknown key",
		`concurrency.api: "none" is not a whole number (EXITPLAN_CONCURRENCY_API)`,
		"EXITPLAN_SOURCE_REGON: unknown variable; did you mean EXITPLAN_SOURCE_REGION?",
		"destinaton.sse: unknown key; did you mean destination.sse? (from a flag)",
		"contract.termination_date: ",
		"recordings.method: ",
		"destination.url: ",
	} {
		if !slices.ContainsFunc(lines, func(l string) bool { return strings.HasPrefix(l, want) }) {
			t.Errorf("missing %q in\n%s", want, strings.Join(lines, "\n"))
		}
	}
}

func TestAnEmptyFileListsWhatToWrite(t *testing.T) {
	for _, text := range []string{"", "# nothing\n", "---\n", "null\n", "{}\n"} {
		lines := problemsOf(t, write(t, text), nil, nil)
		var keys []string
		for _, line := range lines {
			key, _, _ := strings.Cut(line, ":")
			keys = append(keys, key)
		}
		want := []string{"contract.time_zone", "contract.subscription_start", "contract.termination_date",
			"source.region", "source.client_id", "source.client_secret_file", "destination.url"}
		if !slices.Equal(keys, want) {
			t.Errorf("%q: %q", text, keys)
		}
	}
}

func TestFilesThatAreNoConfiguration(t *testing.T) {
	for _, test := range []struct{ text, want string }{
		{"a: b: c\n", "is not YAML"},
		{"\tcontract: x\n", "is not YAML"},
		{"just words\n", `must be keys and values, not "just words"`},
		{"- a\n- b\n", "must be keys and values, not a list"},
		{"state: a\n---\nstate: b\n", "more than one document"},
		{"? [a, b]\n: c\n", "a key must be a word"}, // and everything is missing
		{"a: &x {b: *x}\n", "a: unknown key"},       // likewise
		{"state: \"a\x00\"\n", "is not YAML"},
		{strings.Repeat("# padding\n", 200_000), "larger than"},
	} {
		lines := problemsOf(t, write(t, test.text), nil, nil)
		if !strings.Contains(lines[0], test.want) || !strings.HasPrefix(test.want, "a") && len(lines) != 1 {
			t.Errorf("%.20q: %q, want %q", test.text, lines, test.want)
		}
	}
}

func TestUnknownVariables(t *testing.T) {
	path := write(t, example)
	for name, want := range map[string]string{
		"EXITPLAN_SOURCE_REGOIN":       "did you mean EXITPLAN_SOURCE_REGION?",
		"EXITPLAN_SORUCE_REGION":       "did you mean EXITPLAN_SOURCE_REGION?",
		"EXITPLAN_STATES":              "did you mean EXITPLAN_STATE?",
		"EXITPLAN_RECORDINGS_COLOUR":   "unknown variable",
		"EXITPLAN_SOURCE_CLIENT_SECRT": "did you mean EXITPLAN_SOURCE_CLIENT_SECRET?",
	} {
		lines := problemsOf(t, path, []string{name + "=hunter2"}, nil)
		if len(lines) != 1 || !strings.HasPrefix(lines[0], name+": ") || !strings.Contains(lines[0], want) {
			t.Errorf("%s: %q", name, lines)
		}
		if strings.Contains(lines[0], "hunter2") {
			t.Errorf("the value is quoted: %q", lines[0])
		}
	}
	load(t, path, []string{"EXITPLAN_SIMULATOR_BINARY=/x", "EXITPLANNER=y", "EXITPLAN_CONFIG=z", "broken"}, nil)
}

func TestASecretIsNotTakenFromAFlag(t *testing.T) {
	lines := problemsOf(t, write(t, example), nil, map[string]string{"source.client_secret": "hunter2"})
	if len(lines) != 1 || !strings.Contains(lines[0], "never taken from a flag") || strings.Contains(lines[0], "hunter2") {
		t.Errorf("%q", lines)
	}
}

func TestCredentialsInAddressesAreNotQuoted(t *testing.T) {
	for _, path := range []string{"destination.url", "destination.endpoint", "source.api_url", "source.login_url"} {
		for _, value := range []string{"https://user:hunter2@host.example", "s3://AKIA:hunter2@bucket/x", "https://user:hunter2@host:port"} {
			lines := problemsOf(t, write(t, example), nil, map[string]string{path: value})
			if strings.Contains(strings.Join(lines, " "), "hunter2") {
				t.Errorf("%q", lines)
			}
		}
	}
}

func TestLoopbackMayDoWithoutTLS(t *testing.T) {
	for _, host := range []string{"127.0.0.1:8080", "[::1]:8080", "localhost:8080", "127.9.9.9"} {
		cfg := load(t, write(t, example), nil, map[string]string{
			"source.api_url": "http://" + host + "/", "source.login_url": "http://" + host, "destination.endpoint": "http://" + host, "source.region": "",
		})
		if cfg.Source.APIURL != "http://"+host {
			t.Errorf("%s became %s", host, cfg.Source.APIURL)
		}
	}
	for _, host := range []string{"10.0.0.1", "localhost.example", "127.0.0.1.example", "0.0.0.0"} {
		problemsOf(t, write(t, example), nil, map[string]string{"destination.endpoint": "http://" + host})
	}
}

func TestProblemsStayOnOneLine(t *testing.T) {
	problemsOf(t, write(t, `"a\nb\e[31m": 1`+"\n"), nil, nil)
	problemsOf(t, filepath.Join(t.TempDir(), "a\nb"), nil, nil)
	problemsOf(t, write(t, example), nil, map[string]string{"x\ny": "1"})
}

// A key under another name is not missing as well.
func TestOneMistakeIsOneLine(t *testing.T) {
	for _, test := range []struct{ old, new, want string }{
		{"  url: s3", "  ur1: s3", "destination.ur1: unknown key; did you mean destination.url?"},
		{"destination:\n", "destnation:\n", "destnation: unknown key; did you mean destination?"},
		{"contract:\n", "contarct:\n", "contarct: unknown key; did you mean contract?"},
		{"source:\n", "sorce:\n", "sorce: unknown key; did you mean source?"},
		{"  time_zone:", "  timezone:", "contract.timezone: unknown key; did you mean contract.time_zone?"},
		{"  termination_date:", "  terminaton_date:", "contract.terminaton_date: unknown key; did you mean contract.termination_date?"},
		{"until: 2027", "util: 2027", "contract.extensions[0].util: unknown key; did you mean contract.extensions[0].until?"},
		{"  client_id:", "  clientid:", "source.clientid: unknown key; did you mean source.client_id?"},
		{"  client_secret_file: secret", "  client_secret: abc", "source.client_secret: a secret does not belong here"},
	} {
		lines := problemsOf(t, write(t, edit(t, test.old, test.new)), nil, nil)
		if len(lines) != 1 || !strings.HasPrefix(lines[0], test.want) {
			t.Errorf("got  %s\nwant %s", strings.Join(lines, "\n     "), test.want)
		}
	}
	if lines := problemsOf(t, write(t, "destination: s3://b\n"), nil, nil, config.NeedDestination); len(lines) != 1 {
		t.Errorf("%q", lines)
	}
	without := edit(t, "  url: s3://acme-exit/genesys\n", "")
	lines := problemsOf(t, write(t, without), []string{"EXITPLAN_DESTINATION_UR1=s3://b"}, nil)
	if len(lines) != 1 || !strings.Contains(lines[0], "did you mean EXITPLAN_DESTINATION_URL?") {
		t.Errorf("%q", lines)
	}
	// What is set as well is judged all the same.
	lines = problemsOf(t, write(t, edit(t, "  url: s3://acme-exit/genesys\n", "  ur1: s3://b\n  url: ftp://b\n")), nil, nil)
	if len(lines) != 2 {
		t.Errorf("%q", lines)
	}
}

func TestKeysOfFlagsAreCheckedAlone(t *testing.T) {
	if err := config.CheckKeys(map[string]string{"source.region": "x", "state": "", "destination.object_lock.mode": "WORM"}); err != nil {
		t.Errorf("valid keys: %v", err)
	}
	for key, want := range map[string]string{
		"sorce.region": "source.region", "source.client_secret": "never taken from a flag", "colour": "written like source.region",
	} {
		err := config.CheckKeys(map[string]string{key: "hunter2"})
		if !errors.Is(err, config.ErrConfig) || !strings.Contains(err.Error(), want) || strings.ContainsAny(err.Error(), "\n") || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v", key, err)
		}
	}
}
