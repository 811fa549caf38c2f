package config_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"exitplan/internal/config"
)

func TestASecretFileOpenToOthersIsRefused(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no such modes on Windows")
	}
	for _, mode := range []os.FileMode{0o640, 0o604, 0o644, 0o620, 0o666, 0o601} {
		path := write(t, example)
		secret := filepath.Join(filepath.Dir(path), "secret")
		put(t, secret, topSecret, mode)
		lines := problemsOf(t, path, nil, nil)
		if len(lines) != 1 || !strings.Contains(lines[0], "chmod 600 "+secret) {
			t.Errorf("%o: %q", mode, lines)
		}
	}
	for _, mode := range []os.FileMode{0o600, 0o400} {
		path := write(t, example)
		put(t, filepath.Join(filepath.Dir(path), "secret"), topSecret, mode)
		load(t, path, nil, nil)
	}
}

func TestSecretFilesThatHoldNoSecret(t *testing.T) {
	for name, test := range map[string]struct{ text, want string }{
		"empty":          {"", "is empty"},
		"only lines":     {"\n\r\n", "is empty"},
		"only blanks":    {"  \n", "is empty"},
		"two lines":      {"hunter2\nhunter3\n", "on one line"},
		"blank inside":   {"hunter2 hunter3", "on one line"},
		"control inside": {"hunter2\x00", "on one line"},
		"far too long":   {strings.Repeat("hunter2", 10_000), "too long"},
	} {
		path := write(t, example)
		put(t, filepath.Join(filepath.Dir(path), "secret"), test.text, 0o600)
		lines := problemsOf(t, path, nil, nil)
		if len(lines) != 1 || !strings.Contains(lines[0], test.want) || strings.Contains(lines[0], "hunter2") {
			t.Errorf("%s: %q", name, lines)
		}
	}
}

func TestUnreadableSecretFiles(t *testing.T) {
	path := write(t, example)
	secret := filepath.Join(filepath.Dir(path), "secret")
	if err := os.Remove(secret); err != nil {
		t.Fatal(err)
	}
	if lines := problemsOf(t, path, nil, nil); len(lines) != 1 || !strings.Contains(lines[0], secret+" does not exist") {
		t.Errorf("%q", lines)
	}
	if err := os.Mkdir(secret, 0o700); err != nil {
		t.Fatal(err)
	}
	if lines := problemsOf(t, path, nil, nil); len(lines) != 1 || !strings.Contains(lines[0], "not a regular file") {
		t.Errorf("%q", lines)
	}
	if os.Getuid() == 0 {
		t.Skip("root can read everything")
	}
	path = write(t, example)
	put(t, filepath.Join(filepath.Dir(path), "secret"), topSecret, 0)
	if lines := problemsOf(t, path, nil, nil); len(lines) != 1 || !strings.Contains(lines[0], "cannot be read by this user") {
		t.Errorf("%q", lines)
	}
}

func TestTheEnvironmentsSecretWinsOverTheFiles(t *testing.T) {
	path := write(t, edit(t, "client_secret_file: secret", "client_secret_file: gone"))
	cfg := load(t, path, []string{"EXITPLAN_SOURCE_CLIENT_SECRET=from-env\n"}, nil)
	if cfg.Source.ClientSecret.Reveal() != "from-env" {
		t.Error("not the environment's")
	}
	lines := problemsOf(t, path, []string{"EXITPLAN_SOURCE_CLIENT_SECRET=hunter2 hunter3"}, nil)
	if len(lines) != 1 || !strings.HasPrefix(lines[0], "EXITPLAN_SOURCE_CLIENT_SECRET: ") || strings.Contains(lines[0], "hunter2") {
		t.Errorf("%q", lines)
	}
}

func TestNoWayOfPrintingShowsASecret(t *testing.T) {
	path := write(t, edit(t, "clients: []", "clients: [{client_id: second, client_secret_file: secret}]"))
	cfg := load(t, path, nil, nil)
	var out bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%t", "%p", "%10.3v", "%!"} {
		fmt.Fprintf(&out, verb+"\n", cfg)
		fmt.Fprintf(&out, verb+"\n", &cfg.Source)
		fmt.Fprintf(&out, verb+"\n", cfg.Source.ClientSecret)
		fmt.Fprintf(&out, verb+"\n", &cfg.Source.ClientSecret)
		fmt.Fprintf(&out, verb+"\n", cfg.Source.Clients)
	}
	for _, value := range []any{cfg, cfg.Source, cfg.Source.ClientSecret, map[string]any{"x": cfg.Source.Clients}} {
		text, err := json.Marshal(value)
		if err != nil {
			t.Fatal(err)
		}
		out.Write(text)
		slog.New(slog.NewTextHandler(&out, nil)).Info("x", "v", value)
		slog.New(slog.NewJSONHandler(&out, nil)).Info("x", "v", value)
	}
	text, err := yaml.Marshal(cfg.Source)
	if err != nil {
		t.Fatal(err)
	}
	out.Write(text)
	settings, err := cfg.SettingsYAML()
	if err != nil {
		t.Fatal(err)
	}
	out.Write(settings)
	fmt.Fprint(&out, cfg.Frozen())
	for _, leak := range []string{topSecret, fmt.Sprintf("%x", topSecret), fmt.Sprintf("%X", topSecret), fmt.Sprintf("%d", []byte(topSecret))} {
		if strings.Contains(out.String(), leak) {
			t.Errorf("%q leaks into %s", leak, &out)
		}
	}
	if !strings.Contains(out.String(), "[redacted]") {
		t.Error("nothing says that something was left out")
	}
	for _, verb := range []string{"%v", "%#v", "%d", "%x"} {
		if got := fmt.Sprintf(verb, cfg.Source.ClientSecret); got != "[redacted]" {
			t.Errorf("%s prints %q", verb, got)
		}
	}
	if (config.Secret{}).String() != "" {
		t.Error("no secret must not look like one")
	}
}
