package config_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestNotify(t *testing.T) {
	path := write(t, example+"notify: {webhook: 'https://hooks.example/T0/"+topSecret+"', secret_file: secret, closing_within: 3d, stalled_after: 5m}\n")
	cfg := load(t, path, nil, map[string]string{"notify.command": "notify-send hello"})
	n := cfg.Notify
	if n.Secret.Reveal() != topSecret || n.ClosingWithin != 72*time.Hour || n.StalledAfter != 5*time.Minute || n.Command != "notify-send hello" {
		t.Errorf("read as %+v", n)
	}
	settings, err := cfg.SettingsYAML()
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{fmt.Sprintf("%+v %v", cfg, cfg.Frozen()), string(settings)} {
		if strings.Contains(text, topSecret) {
			t.Errorf("a secret in %s", text)
		}
	}
	n = load(t, path, []string{"EXITPLAN_NOTIFY_SECRET=other"}, nil).Notify
	if n.Secret.Reveal() != "other" {
		t.Error("the environment does not win over the file")
	}
	if n = load(t, write(t, example), nil, nil).Notify; n.ClosingWithin != 72*time.Hour || n.StalledAfter != 30*time.Minute || !n.Webhook.IsZero() {
		t.Errorf("defaults: %+v", n)
	}
}

func TestNotifyMistakes(t *testing.T) {
	for text, want := range map[string]string{
		"webhook: 'http://hooks.example/hunter2'":                          "is not encrypted",
		"webhook: 'https://me:hunter2@hooks.example/'":                     "must not hold a user",
		"webhook: 'hooks.example/hunter2'":                                 "is not an address",
		"closing_within: 72":                                               "notify.closing_within",
		"stalled_after: 0s":                                                "notify.stalled_after",
		"secret: hunter2":                                                  "unknown key",
		"{webhook: 'https://hooks.example/', secret_file: 'no/such/file'}": filepath.Join("no", "such", "file"),
	} {
		if !strings.HasPrefix(text, "{") {
			text = "{" + text + "}"
		}
		lines := problemsOf(t, write(t, example+"notify: "+text+"\n"), nil, nil)
		if len(lines) != 1 || !strings.Contains(lines[0], want) || strings.Contains(lines[0], "hunter2") {
			t.Errorf("%s: %q", text, lines)
		}
	}
}
