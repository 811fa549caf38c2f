package dataset

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

	"exitplan/exporter"
)

func TestJobPieces(t *testing.T) {
	now := date("2026-03-10")
	for _, c := range []struct {
		from, to string
		want     []string
	}{
		{"2026-01-15", "2026-03-05", []string{"2026-01-15-2026-02-01", "2026-02-01-2026-03-01", "2026-03-01-2026-03-05"}},
		{"2026-01-15", "2026-01-16", []string{"2026-01-15-2026-01-16"}},
		{"2026-01-15", "2026-01-15", nil},
		{"2019-11-05", "2021-05-01", []string{
			"2019-11-05-2020-01-01 aged", "2020-01-01-2020-07-01 aged", "2020-07-01-2021-01-01 aged",
			"2021-01-01-2021-02-01 aged", "2021-02-01-2021-03-01 aged", "2021-03-01-2021-04-01", "2021-04-01-2021-05-01",
		}},
	} {
		var got []string
		for _, p := range jobPieces(exporter.Interval{From: date(c.from), To: date(c.to)}, now) {
			text := p.key()[len("recordings/jobs/"):]
			if p.Aged {
				text += " aged"
			}
			got = append(got, text)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s to %s: %q, want %q", c.from, c.to, got, c.want)
		}
	}
}

// Two pieces at a time: each waits for the one before the last.
func TestJobUnits(t *testing.T) {
	j := &RecordingJobs{}
	var units []exporter.Unit
	for u, err := range j.plan(exporter.Interval{From: date("2026-01-01"), To: date("2026-05-01")}, date("2026-06-01")) {
		if err != nil {
			t.Fatal(err)
		}
		units = append(units, u)
	}
	if len(units) != 4 || units[0].After != "" || units[1].After != "" || units[2].After != units[0].Key || units[3].After != units[1].Key {
		t.Errorf("units are %+v", units)
	}
	var p struct{ Job *jobPiece }
	if err := json.Unmarshal(units[1].Params, &p); err != nil || p.Job == nil || !p.Job.From.Equal(date("2026-02-01")) || !p.Job.To.Equal(date("2026-03-01")) {
		t.Errorf("parameters %s, %v", units[1].Params, err)
	}
	if got := p.Job.words(); got != "recordings of 2026-02-01 00:00 up to 2026-03-01 00:00 (UTC), by a job of the platform" {
		t.Errorf("words are %q", got)
	}
	odd := jobPiece{From: date("2026-02-01").Add(time.Hour), To: date("2026-03-01")}
	if odd.key() != "recordings/jobs/20260201T010000-20260301T000000" {
		t.Errorf("key is %s", odd.key())
	}
}

// What is asked lies on one side of the border, with a margin on the younger.
func TestJobQueries(t *testing.T) {
	now := date("2026-03-10").Add(90*time.Minute + 30*time.Second) // border: five years before
	for _, c := range []struct{ from, to, want string }{
		{"2026-01-01", "2026-02-01", "2026-01-01T00:00:00.000Z/2026-02-01T00:00:00.000Z"},
		{"2021-03-01", "2021-04-01", "aged 2021-03-01T00:00:00.000Z/2021-03-10T01:30:00.000Z 2021-03-12T00:00:00.000Z/2021-04-01T00:00:00.000Z"},
		{"2021-03-11", "2021-04-01", "2021-03-12T00:00:00.000Z/2021-04-01T00:00:00.000Z"},
		{"2021-03-01", "2021-03-11", "aged 2021-03-01T00:00:00.000Z/2021-03-10T01:30:00.000Z"},
		{"2021-02-01", "2021-03-01", "aged 2021-02-01T00:00:00.000Z/2021-03-01T00:00:00.000Z"},
	} {
		got := ""
		for _, q := range (jobPiece{From: date(c.from), To: date(c.to)}).queries(now) {
			q, some := q.from(now)
			if !some {
				continue
			}
			if got != "" {
				got += " "
			}
			if q.Aged {
				got += "aged "
			}
			got += q.interval().String()
		}
		if got != c.want {
			t.Errorf("%s to %s: asks for %s, want %s", c.from, c.to, got, c.want)
		}
	}
}

// The request has the fields that the API definition names.
func TestJobBody(t *testing.T) {
	j := &RecordingJobs{Integration: "i", Sensitive: true}
	now := date("2026-03-10")
	young, _ := json.Marshal(j.body(jobQuery{From: date("2026-01-01"), To: date("2026-02-01")}, now))
	const want = `{"action":"EXPORT","actionDate":"2026-03-10T00:00:00.000Z","conversationQuery":{"interval":"2026-01-01T00:00:00.000Z/2026-02-01T00:00:00.000Z",` +
		`"order":"asc","orderBy":"conversationStart","startOfDayIntervalMatching":true},"includePolicyBasedRecordings":true,` +
		`"includeRecordingsWithSensitiveData":true,"includeScreenRecordings":true,"includeSnippetRecordings":true,"integrationId":"i"}`
	if string(young) != want {
		t.Errorf("asks %s", young)
	}
	aged := j.body(jobQuery{From: date("2020-01-01"), To: date("2020-02-01"), Aged: true}, now)
	if aged["conversationQuery"] != nil || aged["agedConversationInterval"] != "2020-01-01T00:00:00.000Z/2020-02-01T00:00:00.000Z" {
		t.Errorf("asks %v", aged)
	}
}
