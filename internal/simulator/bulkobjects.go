package simulator

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// bucket is where an integration writes.
type bucket struct {
	name    string
	problem error // why it cannot
	client  *s3.Client
}

func (s *Server) bucketOf(to BulkIntegration) *bucket {
	cfg := s.cfg.Bulk
	b := &bucket{name: to.Bucket}
	if to.NoCredentials {
		b.problem = errors.New("the integration has no credentials")
		return b
	}
	o := s3.Options{
		Region: cfg.Region, UsePathStyle: cfg.PathStyle,
		Credentials:                credentials.NewStaticCredentialsProvider(cfg.AccessKey, cfg.Secret, ""),
		RequestChecksumCalculation: aws.RequestChecksumCalculationWhenRequired,
	}
	if cfg.Endpoint != "" {
		o.BaseEndpoint = &cfg.Endpoint
	}
	b.client = s3.New(o)
	return b
}

// check says why nothing can be written.
func (b *bucket) check(ctx context.Context) error {
	if b.problem != nil {
		return b.problem
	}
	if _, err := b.client.HeadBucket(ctx, &s3.HeadBucketInput{Bucket: &b.name}); err != nil {
		return fmt.Errorf("the bucket %s cannot be reached: %w", b.name, err)
	}
	return nil
}

func (b *bucket) put(ctx context.Context, key, contentType string, body io.ReadSeeker) error {
	_, err := b.client.PutObject(ctx, &s3.PutObjectInput{Bucket: &b.name, Key: &key, ContentType: &contentType, Body: body})
	if err != nil {
		return fmt.Errorf("write %s to the bucket %s: %w", key, b.name, err)
	}
	return nil
}

// folder is where a conversation's recordings lie, by the UTC hour of its start.
func (s *Server) folder(conversation identity, start int64) string {
	at := time.UnixMilli(start).UTC()
	return fmt.Sprintf("%s/year=%04d/month=%02d/day=%02d/hour=%02d/conversation_id=%s/",
		s.cfg.OrgID, at.Year(), at.Month(), at.Day(), at.Hour(), conversation)
}

func (s *Server) folderOf(rec recording) string {
	return s.folder(s.org.conversationID(rec.conversation), rec.conversation.start)
}

// mediaKey names further results of a recording by their number, which is
// unverified.
func (s *Server) mediaKey(rec recording, number int, m media) string {
	name := rec.id.String()
	if number > 0 {
		name += fmt.Sprint("-", number)
	}
	return s.folderOf(rec) + name + "." + m.extension()
}

func (s *Server) sidecarKey(rec recording) string {
	return s.folderOf(rec) + rec.id.String() + "_metadata.json"
}

// typesOfMedia names in sidecars what metadata calls the media of a recording.
var typesOfMedia = map[string]string{"audio": "Call", "chat": "Chat", "email": "Email", "message": "Message", "messaging": "Message", "screen": "Screen"}

// sidecar describes a recording in the bucket. Of its members mediaType,
// provider and userIds are documented; the others are unverified. Of several
// results it names the first.
func (s *Server) sidecar(rec recording) []byte {
	o, c := s.org, rec.conversation
	var known struct{ Media, StartTime, EndTime string }
	_ = json.Unmarshal(o.metadata(rec, ""), &known) // it was just written
	var start, end time.Time
	if start, _ = parseInstant(known.StartTime); known.EndTime != "" {
		end, _ = parseInstant(known.EndTime)
	}
	m := o.object(rec, 0)
	users, queues := []string{}, []string{}
	for _, p := range agents(o.people(c)) {
		users = append(users, o.ids.make(kindUser, 0, p.user, 0).String())
		queues = append(queues, o.ids.make(kindQueue, 0, p.queue, 0).String())
	}
	body := map[string]any{
		"mediaType": typesOfMedia[known.Media], "provider": providers[o.medium(c)], "userIds": users, "queueIds": queues,
		"conversationId": o.conversationID(c).String(), "recordingId": rec.id.String(), "organizationId": s.cfg.OrgID,
		"startTime": known.StartTime, "initialDirection": o.direction(c),
		"filePath": s.mediaKey(rec, 0, m), "fileSize": m.size(),
	}
	if !end.IsZero() {
		body["endTime"], body["durationMs"] = known.EndTime, end.Sub(start).Milliseconds()
	}
	raw, err := json.Marshal(body)
	if err != nil {
		panic(err) // strings and numbers only
	}
	return raw
}

// strangerKeys are those of objects that are of no recording; every third is a
// sidecar.
func (s *Server) strangerKeys() (keys []string) {
	for n := range s.cfg.Bulk.Strangers {
		id := func(sub int) identity { return s.org.ids.make(kindOther, collectionNumber("strangers"), n/3, sub) }
		start := s.org.from + int64(hash(s.cfg.Seed, 'B', 's', uint64(n/3))%uint64(max(s.cfg.Days, 1)*dayMillis))
		name := []string{".wav", "-1.wav", "_metadata.json"}[n%3]
		keys = append(keys, s.folder(id(0), start)+id(1).String()+name)
	}
	return keys
}

// BulkStrangers gives the keys of the objects that [Bulk].Strangers asks for.
func (t *Truth) BulkStrangers() []string { return t.s.strangerKeys() }

func (s *Server) writeStrangers(ctx context.Context) {
	b := s.bucketOf(s.cfg.Bulk.integrations()[0])
	for _, key := range s.strangerKeys() {
		if strings.HasSuffix(key, ".json") {
			_ = b.put(ctx, key, "application/json", newBytes([]byte(`{"mediaType":"Call"}`)))
			continue
		}
		f, _ := s.sample(key)
		_ = b.put(ctx, key, f.contentType, newBytes(f.body)) // a job that cannot write will say so
	}
}

func newBytes(b []byte) io.ReadSeeker { return bytes.NewReader(b) }

// mediaReader reads media, from wherever it is told to, without holding it.
type mediaReader struct {
	m  media
	at int64
}

func (r *mediaReader) Read(b []byte) (int, error) {
	n := min(int64(len(b)), r.m.size()-r.at)
	switch {
	case len(b) == 0:
		return 0, nil
	case n <= 0:
		return 0, io.EOF
	}
	into := bytes.NewBuffer(b[:0])
	if err := r.m.write(into, r.at, n); err != nil {
		return 0, err
	}
	r.at += n
	return int(n), nil
}

func (r *mediaReader) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekCurrent:
		offset += r.at
	case io.SeekEnd:
		offset += r.m.size()
	}
	if offset < 0 {
		return 0, errors.New("seek before the start of media")
	}
	r.at = offset
	return offset, nil
}
