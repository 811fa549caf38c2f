package simulator

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"
)

const amzDate = "20060102T150405Z"

// objectPath is the same for a media object whenever it is asked for.
func (s *Server) objectPath(rec recording, number int, m media) string {
	return fmt.Sprintf("/recordings-%s/%s/%s/%s-%d.%s",
		s.cfg.Region, s.cfg.OrgID, s.org.conversationID(rec.conversation), rec.id, number, m.extension())
}

// findObject undoes objectPath.
func (s *Server) findObject(path string) (rec recording, number int, m media, ok bool) {
	name := path[strings.LastIndexByte(path, '/')+1:]
	if len(name) < 38 || name[36] != '-' {
		return rec, 0, nil, false
	}
	digits, _, _ := strings.Cut(name[37:], ".")
	number, err := strconv.Atoi(digits)
	if err != nil {
		return rec, 0, nil, false
	}
	rec, ok = s.org.findRecording(name[:36])
	if !ok || !rec.has(number) {
		return rec, 0, nil, false
	}
	m = s.org.object(rec, number)
	return rec, number, m, s.objectPath(rec, number, m) == path
}

// sign gives the URL of an object in the form of a presigned S3 URL, valid from
// then on. The signature is this server's own.
func (s *Server) sign(path string, number int, from time.Time) string {
	query := url.Values{
		"X-Amz-Algorithm":     {"AWS4-HMAC-SHA256"},
		"X-Amz-Credential":    {fmt.Sprintf("SIMULATOR%d/%s/%s/s3/aws4_request", number, from.UTC().Format("20060102"), s.cfg.Region)},
		"X-Amz-Date":          {from.UTC().Format(amzDate)},
		"X-Amz-Expires":       {strconv.Itoa(int((s.cfg.URLTTL + time.Second - 1) / time.Second))},
		"X-Amz-SignedHeaders": {"host"},
	}
	return s.MediaURL() + path + "?" + query.Encode() + "&X-Amz-Signature=" + s.signature(path, query)
}

func (s *Server) signature(path string, query url.Values) string {
	mac := hmac.New(sha256.New, s.secret)
	for _, part := range []string{path, query.Get("X-Amz-Credential"), query.Get("X-Amz-Date"), query.Get("X-Amz-Expires")} {
		_, _ = io.WriteString(mac, part+"\n")
	}
	return hex.EncodeToString(mac.Sum(nil))
}

// deadURLs holds the signatures of URLs that the expired-url fault killed.
type deadURLs struct {
	mu    sync.Mutex
	until map[string]time.Time
}

func (d *deadURLs) add(signature string, now time.Time, ttl time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for old, until := range d.until {
		if now.After(until) {
			delete(d.until, old)
		}
	}
	d.until[signature] = now.Add(ttl)
}

func (d *deadURLs) has(signature string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	_, ok := d.until[signature]
	return ok
}

func s3Error(w http.ResponseWriter, r *http.Request, status int, code, message, more string) {
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(status)
	_, _ = fmt.Fprintf(w, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>%s</Code><Message>%s</Message>%s<RequestId>%s</RequestId></Error>",
		code, message, more, exchangeOf(r).correlation)
}

// serveMedia answers as S3 does for presigned URLs: GET only, no other
// authorization beside the signature, single ranges.
func (s *Server) serveMedia(w http.ResponseWriter, r *http.Request) {
	x := exchangeOf(r)
	x.route = "GET media"
	query := r.URL.Query()
	switch {
	case r.Header.Get("Authorization") != "":
		s3Error(w, r, http.StatusBadRequest, "InvalidArgument", "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature query string parameter or the Authorization header should be specified", "<ArgumentName>Authorization</ArgumentName>")
		return
	case r.Method != http.MethodGet,
		!hmac.Equal([]byte(query.Get("X-Amz-Signature")), []byte(s.signature(r.URL.Path, query))):
		s3Error(w, r, http.StatusForbidden, "SignatureDoesNotMatch", "The request signature we calculated does not match the signature you provided. Check your key and signing method.", "")
		return
	}
	signed, _ := time.Parse(amzDate, query.Get("X-Amz-Date"))
	seconds, _ := strconv.Atoi(query.Get("X-Amz-Expires"))
	expires, now := signed.Add(time.Duration(seconds)*time.Second), s.cfg.Now()
	fault := s.inject(r, r.URL.Path, serverError, html200, expiredURL, dropMedia, truncateMedia)
	if fault == expiredURL {
		s.dead.add(query.Get("X-Amz-Signature"), now, s.cfg.URLTTL)
	}
	if now.After(expires) || s.dead.has(query.Get("X-Amz-Signature")) {
		s3Error(w, r, http.StatusForbidden, "AccessDenied", "Request has expired", fmt.Sprintf(
			"<X-Amz-Expires>%d</X-Amz-Expires><Expires>%s</Expires><ServerTime>%s</ServerTime>",
			seconds, expires.UTC().Format(time.RFC3339), now.UTC().Format(time.RFC3339)))
		return
	}
	switch fault {
	case serverError:
		s3Error(w, r, http.StatusServiceUnavailable, "SlowDown", "Please reduce your request rate.", "")
		return
	case html200:
		writeHTML(w)
		return
	}
	if strings.HasPrefix(r.URL.Path, filesPath) {
		s.sendFile(w, r, fault)
		return
	}
	rec, number, object, ok := s.findObject(r.URL.Path)
	if !ok {
		s3Error(w, r, http.StatusNotFound, "NoSuchKey", "The specified key does not exist.", "")
		return
	}
	s.sendMedia(w, r, rec, number, object, fault)
}

func (s *Server) sendMedia(w http.ResponseWriter, r *http.Request, rec recording, number int, object media, fault fault) {
	size, status := object.size(), http.StatusOK
	offset, n := int64(0), size
	if text := r.Header.Get("Range"); text != "" {
		var ok bool
		if offset, n, ok = parseRange(text, size); !ok {
			w.Header().Set("Content-Range", fmt.Sprintf("bytes */%d", size))
			s3Error(w, r, http.StatusRequestedRangeNotSatisfiable, "InvalidRange", "The requested range is not satisfiable", "")
			return
		}
		status = http.StatusPartialContent
		w.Header().Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", offset, offset+n-1, size))
	}
	send := n
	if fault == dropMedia || fault == truncateMedia {
		send = n * int64(20+hash(s.cfg.Seed, 'q', uint64(rec.conversation.index))%70) / 100
	}
	if fault == truncateMedia {
		n = send // an honest length of half a file: only the container knows better
	}
	h := w.Header()
	h.Set("Content-Type", object.contentType())
	h.Set("Content-Length", strconv.FormatInt(n, 10))
	h.Set("Accept-Ranges", "bytes")
	h["ETag"] = []string{`"` + s.etag(rec, number) + `"`}
	h.Set("Last-Modified", time.UnixMilli(rec.conversation.end).UTC().Format(http.TimeFormat))
	w.WriteHeader(status)
	key := s.counts.mediaStarted(rec, number)
	err := object.write(w, offset, send)
	if fault == dropMedia {
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	}
	if err == nil && fault == none && r.Context().Err() == nil {
		s.counts.mediaCompleted(key)
	}
}

// etag looks like that of a multipart upload, which is no digest of the content.
func (s *Server) etag(rec recording, number int) string {
	c := rec.conversation
	h := hash(s.cfg.Seed, 'e', uint64(c.day), uint64(c.index), uint64(rec.sub), uint64(number))
	return fmt.Sprintf("%016x%016x-1", h, mix(h))
}

// parseRange reads one range of bytes (RFC 9110 section 14.1.2).
func parseRange(text string, size int64) (offset, n int64, ok bool) {
	spec, ok := strings.CutPrefix(text, "bytes=")
	if !ok {
		return 0, 0, false
	}
	a, b, ok := strings.Cut(spec, "-")
	if !ok {
		return 0, 0, false
	}
	if a == "" {
		last, err := strconv.ParseInt(b, 10, 64)
		last = min(last, size)
		return size - last, last, err == nil && last > 0
	}
	first, err := strconv.ParseInt(a, 10, 64)
	if err != nil || first < 0 || first >= size {
		return 0, 0, false
	}
	last := size - 1
	if b != "" {
		if last, err = strconv.ParseInt(b, 10, 64); err != nil || last < first {
			return 0, 0, false
		}
	}
	return first, min(last, size-1) - first + 1, true
}
