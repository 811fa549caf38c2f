package sink_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"io"
	"os"
	"sync"
	"testing"

	"exitplan/exporter"
	"exitplan/internal/sink"
	"exitplan/internal/sink/s3server"
)

const (
	mib       = 1 << 20
	partSize  = 5 * mib // the least that S3 takes
	wholeSize = 6 * mib
)

// shared is one S3 server for all tests; each has a prefix of its own.
var shared struct {
	once   sync.Once
	server *s3server.Server
	dir    string
	err    error
}

func TestMain(m *testing.M) {
	result := m.Run()
	if shared.server != nil {
		shared.server.Stop()
	}
	os.RemoveAll(shared.dir)
	os.Exit(result)
}

func started(t *testing.T) *s3server.Server {
	t.Helper()
	shared.once.Do(func() {
		if shared.dir, shared.err = os.MkdirTemp("", "exitplan-s3-"); shared.err == nil {
			shared.server, shared.err = s3server.Run(context.Background(), s3server.Options{Dir: shared.dir, Versioning: true})
		}
		if shared.err == nil { // for the whole process: parallel tests have no environment of their own
			for _, kv := range shared.server.Env() {
				os.Setenv(kv[0], kv[1])
			}
		}
	})
	if shared.err != nil {
		t.Fatal(shared.err)
	}
	return shared.server
}

// openS3 opens a new part of the shared server's bucket.
func openS3(t *testing.T, change func(*sink.Config)) sink.Destination {
	t.Helper()
	s := started(t)
	cfg := sink.Config{
		URL: s.URL() + "/" + rand.Text(), Root: "export", Region: s.Region, Endpoint: s.Endpoint, PathStyle: true,
		PartSize: partSize, SinglePutLimit: wholeSize, Budget: exporter.NewBudget(3 * partSize),
	}
	if change != nil {
		change(&cfg)
	}
	return open(t, cfg)
}

func open(t *testing.T, cfg sink.Config) sink.Destination {
	t.Helper()
	d, err := sink.Open(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// stream is a body that is read once.
func stream(b []byte) io.Reader { return struct{ io.Reader }{bytes.NewReader(b)} }

func read(t *testing.T, d sink.Destination, path string) []byte {
	t.Helper()
	f, err := d.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	b, err := io.ReadAll(f)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func list(t *testing.T, d sink.Destination) []string {
	t.Helper()
	var paths []string
	for f, err := range d.List(t.Context(), "") {
		if err != nil {
			t.Fatal(err)
		}
		paths = append(paths, f.Path)
	}
	return paths
}
