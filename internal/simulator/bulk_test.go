package simulator_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"exitplan/internal/simulator"
	"exitplan/internal/sink/s3server"
)

const (
	bulkJobs = api + "recording/jobs"
)

// later is after all that the organization of these tests holds.
func later() time.Time { return day0.AddDate(0, 0, 10) }

// withBucket adds a real bucket to a configuration.
func withBucket(t *testing.T, cfg simulator.Config) (simulator.Config, *s3server.Server) {
	t.Helper()
	server, err := s3server.Run(t.Context(), s3server.Options{Dir: t.TempDir(), Bucket: "recordings"})
	if err != nil {
		t.Skipf("recording jobs are not tried: there is no S3 server: %v", err)
	}
	t.Cleanup(server.Stop)
	b := &cfg.Bulk
	b.Bucket, b.Endpoint, b.Region, b.PathStyle = server.Bucket, server.Endpoint, server.Region, true
	b.AccessKey, b.Secret = server.AccessKey, server.SecretKey
	return quickBulk(cfg), server
}

// quickBulk is for jobs that write nothing.
func quickBulk(cfg simulator.Config) simulator.Config {
	if cfg.Now == nil {
		cfg.Now = later
	}
	if cfg.Bulk.Bucket == "" {
		cfg.Bulk.Bucket, cfg.Bulk.Endpoint, cfg.Bulk.PathStyle = "nowhere", "http://127.0.0.1:1", true
	}
	if cfg.ConversationsPerDay == 0 {
		cfg.ConversationsPerDay, cfg.MediaBytes = 20, 2000
	}
	if cfg.Bulk.Latency == 0 {
		cfg.Bulk.Latency = 2 * time.Millisecond
	}
	return cfg
}

// export is a query of all that the organization has.
func (c *client) export() m {
	return m{
		"action": "EXPORT", "actionDate": "2026-03-05T00:00:00.000Z", "integrationId": c.s.Integration(),
		"conversationQuery": m{"interval": interval(day0, 4*24*time.Hour)},
	}
}

// bulkJob makes a job and waits until it is no longer PENDING.
func (c *client) bulkJob(query m) m {
	c.t.Helper()
	job := c.call(202, http.MethodPost, bulkJobs, query)
	if job["state"] != "PENDING" && job["state"] != "READY" {
		c.t.Fatalf("made: %v", job)
	}
	return c.bulkState(job["id"].(string), "READY")
}

// bulkState waits for a state.
func (c *client) bulkState(id, want string) m {
	c.t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for {
		job := c.call(200, http.MethodGet, bulkJobs+"/"+id, nil)
		if job["state"] == want {
			return job
		}
		if s := job["state"]; s != "PENDING" && s != "PROCESSING" || time.Now().After(deadline) {
			c.t.Fatalf("job is %v, want %s", job, want)
		}
		time.Sleep(time.Millisecond)
	}
}

// execute executes a job that is READY.
func (c *client) execute(id string) m {
	c.t.Helper()
	return c.call(200, http.MethodPut, bulkJobs+"/"+id, m{"state": "PROCESSING"})
}

// exportAll is a job from its making to its end.
func (c *client) exportAll() m {
	c.t.Helper()
	id := c.bulkJob(c.export())["id"].(string)
	c.execute(id)
	return c.bulkState(id, "FULFILLED")
}

// keysOf lists a bucket.
func keysOf(t *testing.T, server *s3server.Server) (keys []string) {
	t.Helper()
	pages := s3.NewListObjectsV2Paginator(server.Client(), &s3.ListObjectsV2Input{Bucket: &server.Bucket})
	for pages.HasMorePages() {
		page, err := pages.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, object := range page.Contents {
			keys = append(keys, *object.Key)
		}
	}
	return keys
}

func objectOf(t *testing.T, server *s3server.Server, key string) []byte {
	t.Helper()
	out, err := server.Client().GetObject(t.Context(), &s3.GetObjectInput{Bucket: &server.Bucket, Key: aws.String(key)})
	if err != nil {
		t.Fatalf("%s: %v", key, err)
	}
	defer out.Body.Close()
	raw, err := io.ReadAll(out.Body)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// expected gives the keys that a job which exports everything leaves, with the
// digests of media and "" for sidecars, and what it counts.
func (c *client) expected() (objects map[string]string, fates map[string]int) {
	c.t.Helper()
	objects, fates = map[string]string{}, map[string]int{}
	org := c.call(200, http.MethodGet, api+"organizations/me", nil)["id"]
	for rec := range c.s.Truth().Recordings() {
		fate := c.s.Truth().BulkFate(rec.ID)
		fates[fate]++
		if fate != "landed" {
			continue
		}
		folder := fmt.Sprintf("%s/%s/conversation_id=%s/", org, rec.ConversationStart.Format("year=2006/month=01/day=02/hour=15"), rec.ConversationID)
		objects[folder+rec.ID+"_metadata.json"] = ""
		for _, media := range rec.Results {
			name := rec.ID
			if media.Number > 0 {
				name += fmt.Sprint("-", media.Number)
			}
			objects[folder+name+media.Path[strings.LastIndexByte(media.Path, '.'):]] = media.SHA256
		}
	}
	return objects, fates
}

// A job writes into the bucket exactly what batch requests would give, and
// describes each recording.
func TestBulkJobExports(t *testing.T) {
	cfg, server := withBucket(t, simulator.Config{
		SeveralResultsShare: 0.3, SecondRecordingShare: 0.3, ErrorShare: 0.1, ArchivedShare: 0.1, DeletedShare: 0.1, UploadingShare: 0.1,
	})
	c := start(t, cfg).demo()
	job := c.exportAll()
	want, fates := c.expected()
	if fates["landed"] == 0 || fates["failed"] == 0 || fates["unseen"] == 0 {
		t.Fatalf("the organization shows too little: %v", fates)
	}
	for member, n := range map[string]int{"totalProcessedRecordings": fates["landed"], "totalFailedRecordings": fates["failed"],
		"totalSkippedRecordings": 0, "totalRecordings": fates["landed"] + fates["failed"], "percentProgress": 100} {
		if job[member] != float64(n) {
			t.Errorf("%s is %v, want %d", member, job[member], n)
		}
	}
	keys := keysOf(t, server)
	if len(keys) != len(want) {
		t.Errorf("%d objects in the bucket, want %d", len(keys), len(want))
	}
	several := 0
	for _, key := range keys {
		digest, ok := want[key]
		if !ok {
			t.Fatalf("%s is nothing that was to be exported", key)
		}
		body := objectOf(t, server, key)
		if digest == "" {
			var described struct {
				MediaType, Provider, ConversationID, RecordingID, FilePath string
				UserIDs                                                    []string
				FileSize, DurationMs                                       int64
				StartTime, EndTime                                         time.Time
			}
			if err := json.Unmarshal(body, &described); err != nil {
				t.Fatal(err)
			}
			if described.MediaType != "Call" || described.Provider != "Edge" || len(described.UserIDs) == 0 || !strings.Contains(key, described.RecordingID) ||
				!strings.Contains(key, described.ConversationID) || want[described.FilePath] == "" || described.FileSize == 0 ||
				described.EndTime.Sub(described.StartTime).Milliseconds() != described.DurationMs {
				t.Errorf("%s: %s", key, body)
			}
			continue
		}
		if sum := sha256.Sum256(body); hex.EncodeToString(sum[:]) != digest {
			t.Errorf("%s has other bytes than a batch request gives", key)
		}
		if strings.Contains(key[strings.LastIndexByte(key, '/')+37:], "-1.") {
			several++
		}
	}
	if several == 0 {
		t.Error("no recording has several results")
	}
	c.failedAre(job["id"].(string), fates["failed"])
	if n := c.s.Counts().BulkJobs; n != 1 {
		t.Errorf("%d jobs are counted", n)
	}
}

// failedAre reads the failed recordings of a job in both ways of paging.
func (c *client) failedAre(id string, want int) {
	c.t.Helper()
	type failed struct{ Conversation, Recording struct{ ID string } }
	for _, first := range []string{"?pageSize=2", "?pageSize=2&includeTotal=false"} {
		seen := map[string]bool{}
		for next := bulkJobs + "/" + id + "/failedrecordings" + first; next != ""; {
			var page struct {
				Entities []failed
				NextURI  string
				Total    *int
			}
			_, raw := c.do(c.request(http.MethodGet, next, nil))
			if err := json.Unmarshal(raw, &page); err != nil || (page.Total == nil) != strings.Contains(first, "false") {
				c.t.Fatalf("%s: %v %s", next, err, raw)
			}
			for _, one := range page.Entities {
				seen[one.Recording.ID] = true
				if fate := c.s.Truth().BulkFate(one.Recording.ID); fate != "failed" || one.Conversation.ID == "" {
					c.t.Errorf("%v is among the failed ones, and %s", one, fate)
				}
			}
			next = page.NextURI
		}
		if len(seen) != want {
			c.t.Errorf("%s: %d failed recordings, want %d", first, len(seen), want)
		}
	}
	c.refused(400, "bad.request", http.MethodGet, bulkJobs+"/"+id+"/failedrecordings?pageSize=101", nil)
}
