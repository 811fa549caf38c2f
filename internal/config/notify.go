package config

import (
	"net/url"
	"strings"
	"time"
)

// Notify says who is told how an export goes. Nothing of it is frozen, or
// written into an export.
type Notify struct {
	Webhook       Secret // URL: whoever knows it can often post there
	Secret        Secret // signs what the webhook is told
	Command       string
	ClosingWithin time.Duration // before a window closes
	StalledAfter  time.Duration // without any progress
}

// notifySecretVariable is the only place for that secret besides a file.
const notifySecretVariable = envPrefix + "NOTIFY_SECRET"

func (c *check) notify(doc notifyDoc) Notify {
	c.webhook(doc.Webhook)
	n := Notify{
		Webhook:       NewSecret(doc.Webhook),
		Command:       doc.Command,
		ClosingWithin: c.duration("notify.closing_within", doc.ClosingWithin, time.Minute, 10*365*24*time.Hour),
		StalledAfter:  c.duration("notify.stalled_after", doc.StalledAfter, time.Second, 365*24*time.Hour),
	}
	if !c.needs(NeedSource) || doc.Webhook == "" {
		return n
	}
	var err error
	switch {
	case c.notifySecret != "":
		if n.Secret, err = parseSecret(c.notifySecret); err != nil {
			c.put(notifySecretVariable, "notify", err.Error())
		}
	case doc.SecretFile != "":
		if n.Secret, err = readSecret(doc.SecretFile); err != nil {
			c.add("notify.secret_file", "%v", err)
		}
	}
	return n
}

// webhook checks the address without ever quoting it.
func (c *check) webhook(s string) {
	const at = "notify.webhook"
	if s == "" {
		return
	}
	u, err := url.Parse(s)
	switch {
	case err != nil || u.Hostname() == "" || (u.Scheme != "https" && u.Scheme != "http"):
		c.add(at, "is not an address such as https://host.example/path")
	case u.User != nil:
		c.add(at, "must not hold a user or password; remove everything before the @, and sign with notify.secret_file")
	case u.Scheme == "http" && !loopback(u.Hostname()):
		c.add(at, "is not encrypted; use https, http is for this machine (127.0.0.1) alone")
	}
}

// duration reads 72h, 30m or 3d.
func (c *check) duration(at, s string, low, high time.Duration) time.Duration {
	d, err := time.ParseDuration(s)
	if days, ok := strings.CutSuffix(s, "d"); ok {
		if d, err = time.ParseDuration(days + "h"); err == nil {
			d *= 24
		}
	}
	if err != nil || d < low || d > high {
		c.add(at, "%q is not a length of time; write one such as 72h, 30m or 3d", s)
		return 0
	}
	return d
}
