package config_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"exitplan/internal/config"
)

// example is the configuration of the design, with a secret of its own.
const example = `contract:
  customer: Example KK
  time_zone: Asia/Tokyo
  subscription_start: 2021-04-01
  exit_started: 2026-11-01
  cause: notice
  termination_date: 2026-12-31
  extensions:
    - {requested: 2026-12-10, granted: 2026-12-15, until: 2027-01-31, classes: [metrics, recordings], reference: SO-1234}
source:
  region: ap-northeast-1
  client_id: 0f3c
  client_secret_file: secret
  api_url: ""
  login_url: ""
  interval: {from: 2021-04-01, to: ""}
  datasets: [all]
  requests_per_minute: 300
  headroom: 20%
  clients: []
export_id: ""
recordings:
  method: pull
  metadata: full
  integration_id: ""
  sensitive: true
destination:
  url: s3://acme-exit/genesys
  region: ap-northeast-1
  endpoint: ""
  path_style: false
  sse: AES256
  kms_key_id: ""
  expected_bucket_owner: ""
  storage_class: ""
  object_lock: {mode: "", retain_until: ""}
state: .exitplan
concurrency: {api: 8, transfers: 32}
`

const topSecret = "s3cr3t-Value_x9"

// write puts a configuration and its secret into a new directory.
func write(t *testing.T, text string) string {
	t.Helper()
	dir := t.TempDir()
	put(t, filepath.Join(dir, "secret"), topSecret+"\n", 0o600)
	path := filepath.Join(dir, "exitplan.yaml")
	put(t, path, text, 0o644)
	return path
}

func put(t *testing.T, path, text string, mode os.FileMode) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil { // whatever the umask
		t.Fatal(err)
	}
}

// edit replaces one piece of the example.
func edit(t *testing.T, old, new string) string {
	t.Helper()
	if strings.Count(example, old) != 1 {
		t.Fatalf("%q is not exactly once in the example", old)
	}
	return strings.Replace(example, old, new, 1)
}

func load(t *testing.T, path string, env []string, flags map[string]string, needed ...config.Section) config.Config {
	t.Helper()
	cfg, err := config.Load(path, env, flags, needed...)
	if err != nil {
		t.Fatalf("Load:\n%v", err)
	}
	return cfg
}

// problemsOf are the lines that Load reports, of which there must be some.
func problemsOf(t *testing.T, path string, env []string, flags map[string]string, needed ...config.Section) []string {
	t.Helper()
	cfg, err := config.Load(path, env, flags, needed...)
	if err == nil {
		t.Fatal("Load reported nothing")
	}
	if !errors.Is(err, config.ErrConfig) {
		t.Fatalf("not an ErrConfig: %v", err)
	}
	if cfg.File != "" || cfg.Destination.URL != "" {
		t.Fatalf("a configuration came with the error: %+v", cfg)
	}
	var list *config.Error
	if !errors.As(err, &list) {
		t.Fatalf("not an *Error: %T", err)
	}
	for _, line := range list.Problems {
		if strings.ContainsAny(line, "\n\r\x1b") {
			t.Errorf("not one clean line: %q", line)
		}
	}
	if err.Error() != strings.Join(list.Problems, "\n") {
		t.Errorf("Error() is %q", err)
	}
	return list.Problems
}
