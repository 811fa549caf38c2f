package config

import (
	"net"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"exitplan/internal/contract"
)

// start reads a date or instant at which something begins; "" is zero.
func (c *check) start(at, s string) time.Time { return c.date(at, s, contract.ParseStart) }

// end reads a date or instant at which something ends; "" is zero.
func (c *check) end(at, s string) time.Time { return c.date(at, s, contract.ParseEnd) }

func (c *check) date(at, s string, parse func(string, *time.Location) (time.Time, error)) time.Time {
	if s == "" {
		return time.Time{}
	}
	t, err := parse(s, c.zone)
	if err != nil {
		c.add(at, "%v", err)
	}
	if strings.HasPrefix(at, "contract.") {
		c.dates = append(c.dates, Date{at, s, t})
	}
	return t
}

// percent reads "20%" as 0.2. A bare number is refused: 1 might be either.
func (c *check) percent(at, s string) float64 {
	digits, ok := strings.CutSuffix(s, "%")
	p, err := strconv.ParseFloat(strings.TrimSpace(digits), 64)
	if !ok || err != nil || !(p >= 0 && p < 100) {
		c.add(at, "%q is not a percentage from 0%% to less than 100%%; write one such as 20%%", s)
		return 0
	}
	return p / 100
}

func (c *check) between(at string, n, low, high int) int {
	if n < low || n > high {
		c.add(at, "%d is out of range; write a number from %d to %d", n, low, high)
	}
	return n
}

func (c *check) oneOf(at, s string, valid ...string) {
	if slices.Contains(valid, s) {
		return
	}
	hint := strings.Join(valid, " or ")
	if meant := nearest(s, valid); meant != "" && len(valid) > 2 {
		hint = meant
	}
	c.add(at, "%q is unknown; write %s", s, hint)
}

// match reports a value that is given and does not have the form.
func (c *check) match(at, s, form, todo string) {
	if s != "" && !regexp.MustCompile(form).MatchString(s) {
		c.add(at, "%q is not valid; %s", s, todo)
	}
}

// baseURL checks the address of a server and drops slashes at its end. Only
// loopback is spoken to without TLS, since the data must be encrypted in
// transit. Addresses that hold credentials are refused without quoting them.
func (c *check) baseURL(at, s string) string {
	if s == "" {
		return ""
	}
	u, err := url.Parse(s)
	switch {
	case err != nil || u.Hostname() == "" || (u.Scheme != "https" && u.Scheme != "http"):
		c.add(at, "is not an address such as https://host.example")
	case u.User != nil:
		c.add(at, "must not hold credentials; remove everything before the @")
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		c.add(at, "must end before any ? or #")
	case u.Scheme == "http" && !loopback(u.Hostname()):
		c.add(at, "%q is not encrypted; use https, http is for this machine (127.0.0.1) alone", s)
	}
	return strings.TrimRight(s, "/")
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || (ip != nil && ip.IsLoopback())
}
