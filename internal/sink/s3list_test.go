package sink_test

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"exitplan/internal/sink"
	"exitplan/internal/sink/sinktest"
	"exitplan/manifest"
)

// rewritten changes the text of every listing.
func rewritten(change func(text string) string) func(*http.Request) sinktest.Action {
	return func(r *http.Request) sinktest.Action {
		if !r.URL.Query().Has("list-type") {
			return sinktest.Action{}
		}
		return sinktest.Action{Change: func(resp *http.Response) {
			var text bytes.Buffer
			_, _ = text.ReadFrom(resp.Body)
			out := change(text.String())
			resp.Body = io.NopCloser(strings.NewReader(out))
			resp.ContentLength = int64(len(out))
			resp.Header.Set("Content-Length", strconv.Itoa(len(out)))
		}}
	}
}

// Keys may hold what XML cannot: S3 is asked to encode them.
func TestS3ListsAnyKey(t *testing.T) {
	encoded := false
	d, proxy := behind(t, nil, nil)
	putString(t, d, "bags/a/x", "x")
	putString(t, d, "bags/b=c/x", "x")
	proxy.Decide(func(r *http.Request) sinktest.Action {
		encoded = encoded || r.URL.Query().Get("encoding-type") == "url"
		return rewritten(func(text string) string {
			text = strings.Replace(text, "bags/a/x</Key>", "bags/a/x%01+y%2Bz%25</Key>", 1)
			text = strings.Replace(text, "bags/b=c/x</Key>", "bags%2Fb%3Dc%2Fx</Key>", 1)
			return strings.Replace(text, "</ListBucketResult>", "<EncodingType>url</EncodingType></ListBucketResult>", 1)
		})(r)
	})
	if got, want := list(t, d), []string{"bags/a/x\x01 y+z%", "bags/b=c/x"}; !slices.Equal(got, want) || !encoded {
		t.Errorf("listed %q, want %q; encoding asked for: %v", got, want, encoded)
	}
	// A server that does not know the parameter sends keys as they are.
	proxy.Decide(rewritten(func(text string) string {
		return strings.Replace(text, "bags/a/x</Key>", "bags/a/x+y%20</Key>", 1)
	}))
	if got, want := list(t, d), []string{"bags/a/x+y%20", "bags/b=c/x"}; !slices.Equal(got, want) {
		t.Errorf("listed %q, want %q", got, want)
	}
}

// Keys that no other store can hold are findings beside the rest, and no
// error; nothing of such a name is read.
func TestS3HostileKeysAreFindings(t *testing.T) {
	d, proxy := behind(t, nil, nil)
	putString(t, d, "bags/a/data/x", "x")
	putString(t, d, "bags/stand-in", "x")
	for _, key := range []string{"bags//x", "bags/../x", "bags/a\\b/x"} {
		proxy.Decide(rewritten(func(text string) string {
			i, j := strings.Index(text, "<Contents>"), strings.LastIndex(text, "</Contents>")+len("</Contents>")
			both := strings.SplitAfter(text[i:j], "</Contents>")[:2]
			both[1] = strings.Replace(both[1], "bags/stand-in</Key>", key+"</Key>", 1)
			if key < "bags/a/data/x" {
				slices.Reverse(both)
			}
			return text[:i] + strings.Join(both, "") + text[j:]
		}))
		r, err := manifest.Verify(t.Context(), d, manifest.VerifyOptions{})
		if err != nil || r.FindingCount != 1 || r.Findings[0].Kind != manifest.Hostile {
			t.Errorf("%s: %v, findings %+v", key, err, r.Findings)
		}
		if _, err := d.Open(t.Context(), key); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: opened: %v", key, err)
		}
		if _, _, _, err := d.(manifest.Checksummer).Checksum(t.Context(), key); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: looked at: %v", key, err)
		}
	}
}

// An archived object is no question of permissions.
func TestS3ArchivedObject(t *testing.T) {
	d, proxy := behind(t, nil, nil)
	proxy.Decide(func(r *http.Request) sinktest.Action {
		return sinktest.Action{Status: http.StatusForbidden, Code: "InvalidObjectState"}
	})
	_, err := d.Open(t.Context(), "bags/a/data/x")
	if errors.Is(err, sink.ErrAccess) || err == nil || !strings.Contains(err.Error(), "restore it first") {
		t.Errorf("error is %v", err)
	}
}
