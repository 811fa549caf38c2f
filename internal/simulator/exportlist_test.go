package simulator_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"exitplan/internal/simulator"
)

// exportOf asks for a list's last export.
func (c *client) exportOf(path string) (status int, uri string, at time.Time) {
	c.t.Helper()
	res, raw := c.do(c.request(http.MethodGet, path, nil))
	body := c.object(raw)
	if res.StatusCode == http.StatusOK {
		var err error
		if at, err = time.Parse(time.RFC3339, body["exportTimestamp"].(string)); err != nil {
			c.t.Fatal(err)
		}
		uri = body["uri"].(string)
	}
	return res.StatusCode, uri, at
}

// exportedSince waits for an export that was finished after an instant.
func (c *client) exportedSince(path string, since time.Time) (uri string, at time.Time) {
	c.t.Helper()
	deadline := time.Now().Add(10 * time.Second)
	for time.Now().Before(deadline) {
		if status, uri, at := c.exportOf(path); status == http.StatusOK && !at.Before(since.Truncate(time.Millisecond)) {
			return uri, at
		}
		time.Sleep(time.Millisecond)
	}
	c.t.Fatalf("%s: no export since %s", path, since)
	return "", time.Time{}
}

func TestListsAreExported(t *testing.T) {
	for _, pattern := range []string{contactExports, dncExports} {
		for _, entries := range []int{0, 3} { // 0: the default
			c := start(t, simulator.Config{ContactsPerList: entries}).demo()
			list, paths := c.behind(pattern)
			for i, path := range paths {
				since := time.Now()
				if ref := c.call(200, http.MethodPost, path, nil); ref["id"] != list[i].Parent[0] {
					t.Errorf("%s gives %v", path, ref)
				}
				uri, _ := c.exportedSince(path, since)
				rows := csvRecords(t, c.fetched(c.signed(uri), list[i].Files[0]))
				if want := map[int]int{0: 50, 3: 3}[entries]; len(rows)-1 != want {
					t.Errorf("%s: %d entries, want %d", path, len(rows)-1, want)
				}
				distinct := map[string]bool{}
				for _, row := range rows {
					distinct[row[0]] = true
				}
				if len(distinct) != len(rows) {
					t.Errorf("%s: %d of %d entries are distinct", path, len(distinct), len(rows))
				}
			}
		}
	}
}

// A contact list's columns are those that its row names, and hold whatever text
// is hard on a reader of CSV.
func TestContactsHoldOddText(t *testing.T) {
	c := start(t, simulator.Config{}).demo()
	list, paths := c.behind(contactExports)
	names := map[string]string{}
	for row := range c.s.Truth().Listing(api+"outbound/contactlists", "") {
		for _, name := range c.object(row)["columnNames"].([]any) {
			names[entityID(t, row)] += name.(string) + "\n"
		}
	}
	all := ""
	for i, path := range paths {
		since := time.Now()
		c.call(200, http.MethodPost, path, m{})
		uri, _ := c.exportedSince(path, since)
		rows := csvRecords(t, c.fetched(c.signed(uri), list[i].Files[0]))
		columns := rows[0]
		if own := columns[1 : len(columns)-2]; strings.Join(own, "\n")+"\n" != names[list[i].Parent[0]] || columns[0] != "inin-outbound-id" {
			t.Errorf("columns %q, named %q", columns, names[list[i].Parent[0]])
		}
		for _, row := range rows {
			all += strings.Join(row, "\x1f")
		}
	}
	for _, text := range []string{"\n", `"`, ",", "山田", "😀", "\x00", "\u2028"} {
		if !strings.Contains(all, text) {
			t.Errorf("no contact has %q", text)
		}
	}
	c.refused(400, "bad.request", http.MethodPost, paths[0], m{"contactIds": []string{"1"}})
	c.refused(404, "not.found", http.MethodPost, api+"outbound/contactlists/none/export", nil)
}

// Until an export is finished, what there is is the one before: none at all, one
// that is long past and lacks entries, or the last that was asked for.
func TestPreviousExportIsShown(t *testing.T) {
	const latency = 700 * time.Millisecond
	c := start(t, simulator.Config{JobLatency: latency}).demo()
	list, paths := c.behind(contactExports)
	old := 0
	for i, path := range paths[:2] {
		before, uri, at := c.exportOf(path)
		if before == http.StatusOK {
			old++
			res, body := c.follow(c.signed(uri))
			if rows := csvRecords(t, body); res.StatusCode != http.StatusOK || len(rows) != 26 || at.After(day0) {
				t.Errorf("%s: %d entries of %s", path, len(rows)-1, at)
			}
		}
		for range 2 {
			time.Sleep(2 * time.Millisecond) // stamps tell milliseconds apart
			since := time.Now()
			c.call(200, http.MethodPost, path, nil)
			status, previous, stamp := c.exportOf(path)
			if time.Since(since) < latency && (status != before || previous != uri || !stamp.Equal(at)) {
				t.Errorf("%s: right after asking %d %s of %s, before %d %s of %s", path, status, previous, stamp, before, uri, at)
			}
			uri, at = c.exportedSince(path, since)
			if time.Since(since) < latency {
				t.Errorf("%s: finished after %s", path, time.Since(since))
			}
			before = http.StatusOK
			c.fetched(c.signed(uri), list[i].Files[0])
		}
	}
	if old != 1 {
		t.Errorf("%d of two lists were exported before", old)
	}
}

// The URI needs the token and redirects to storage, which refuses the token.
func TestDownloadsRedirect(t *testing.T) {
	c := start(t, simulator.Config{}).demo()
	list, paths := c.behind(contactExports)
	since := time.Now()
	c.call(200, http.MethodPost, paths[0], nil)
	uri, _ := c.exportedSince(paths[0], since)
	bare := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	location := func(path, token string, want int) string {
		t.Helper()
		asked := *c
		asked.token = token
		res, err := bare.Do(asked.request(http.MethodGet, path, nil))
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		if raw, err := io.ReadAll(res.Body); err != nil || res.StatusCode != want {
			t.Fatalf("%s: %d %s %v", path, res.StatusCode, raw, err)
		}
		return res.Header.Get("Location")
	}
	if got := location(paths[0]+"?download=true", c.token, 307); got != uri {
		t.Errorf("download=true redirects to %s, not %s", got, uri)
	}
	path := strings.TrimPrefix(uri, c.s.URL())
	location(path, "", 401)
	signed := location(path+"?redirectToAuth=false", c.token, 307)
	if !strings.HasPrefix(signed, c.s.MediaURL()+"/") {
		t.Fatalf("the download redirects to %s", signed)
	}
	c.fetched(signed, list[0].Files[0])
	req := c.request(http.MethodGet, path, nil)
	var err error
	if req.URL, err = req.URL.Parse(signed); err != nil {
		t.Fatal(err)
	}
	if res, body := c.do(req); res.StatusCode != http.StatusBadRequest || !strings.Contains(string(body), "Only one auth mechanism") {
		t.Errorf("storage takes the token: %d %s", res.StatusCode, body)
	}
	c.refused(404, "not.found", http.MethodGet, api+"downloads/none", nil)
	c.refused(404, "not.found", http.MethodGet, api+"downloads/"+list[0].Parent[0], nil)
}

// What a third party keeps cannot be exported, and the list says who keeps it.
func TestThirdPartyListsAreNotExported(t *testing.T) {
	c := start(t, simulator.Config{}).demo()
	list, _ := c.behind(dncExports)
	exportable := map[string]bool{}
	for _, h := range list {
		exportable[h.Parent[0]] = true
	}
	refused := 0
	for row := range c.s.Truth().Listing(api+"outbound/dnclists", "") {
		id, source := entityID(t, row), c.object(row)["dncSourceType"]
		if third := source == "gryphon" || source == "dnc.com"; third == exportable[id] {
			t.Errorf("a list of %v can be exported: %v", source, exportable[id])
		}
		if !exportable[id] {
			refused++
			c.refused(501, "not.implemented", http.MethodPost, api+"outbound/dnclists/"+id+"/export", nil)
			c.refused(501, "not.implemented", http.MethodGet, api+"outbound/dnclists/"+id+"/export", nil)
		}
	}
	if refused != 1 || len(list) < 2 {
		t.Errorf("%d lists of third parties, %d others", refused, len(list))
	}
}

// Both permissions are needed, not any.
func TestListExportsNeedBothPermissions(t *testing.T) {
	anonymous := start(t, simulator.Config{Clients: []simulator.Client{
		{ID: "half", Secret: "h", Permissions: []string{"outbound:contactList:view", "outbound:dnc:view"}},
		{ID: "whole", Secret: "w", Permissions: []string{"outbound:contactList:view", "outbound:contact:view"}},
	}})
	half, whole := anonymous.login("half", "h"), anonymous.login("whole", "w")
	_, contacts := half.behind(contactExports)
	_, numbers := half.behind(dncExports)
	for _, method := range []string{http.MethodPost, http.MethodGet} {
		half.refused(403, "missing.permissions", method, contacts[0], nil)
		half.refused(403, "missing.permissions", method, numbers[0], nil)
	}
	whole.call(200, http.MethodPost, contacts[0], nil)
}
