// Package sinktest checks that a destination keeps its promises, and makes
// destinations break them on demand: one suite for every sink, a sink that
// fails, and a proxy that comes between a sink and its server.
package sinktest

import (
	"exitplan/exporter"
	"exitplan/manifest"
)

// Destination is what every sink is.
type Destination interface {
	exporter.Sink
	manifest.Opener
	manifest.Lister
}
