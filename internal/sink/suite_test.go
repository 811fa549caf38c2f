package sink_test

import (
	"os"
	"testing"
	"time"

	"exitplan/internal/sink"
	"exitplan/internal/sink/sinktest"
)

func TestDirectorySuite(t *testing.T) {
	sinktest.Suite(t, func(t *testing.T) sinktest.Destination {
		return open(t, sink.Config{URL: "file://" + t.TempDir(), Root: "export", Now: time.Now})
	})
}

func TestS3Suite(t *testing.T) {
	sinktest.Suite(t, func(t *testing.T) sinktest.Destination { return openS3(t, nil) })
}

// Bodies that are too large for a buffer go through a file instead.
func TestS3SuiteSpooled(t *testing.T) {
	sinktest.Suite(t, func(t *testing.T) sinktest.Destination {
		return openS3(t, func(c *sink.Config) {
			c.SinglePutLimit = 11 * mib
			c.Spool = func() (*os.File, error) { return os.CreateTemp(t.TempDir(), "spool-") }
		})
	})
}
