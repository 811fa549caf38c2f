package exporter

import "sync/atomic"

// Meter counts what a run has done so far. Whoever shows progress reads it
// whenever it likes; the zero value is ready.
type Meter struct {
	Units      atomic.Int64 // units finished in this run
	Discovered atomic.Int64 // units added while running
	Artifacts  atomic.Int64 // objects committed
	Records    atomic.Int64 // records committed: rows, recordings
	Bytes      atomic.Int64 // bytes of committed objects
	Exceptions atomic.Int64 // stated by finished units
}

func (m *Meter) add(r Receipt) {
	m.Discovered.Add(int64(len(r.Discovered)))
	m.Artifacts.Add(int64(len(r.Artifacts)))
	for _, a := range r.Artifacts {
		m.Records.Add(a.Records)
		m.Bytes.Add(a.Bytes)
	}
	if r.Outcome == Done {
		m.Units.Add(1)
		m.Exceptions.Add(int64(len(r.Exceptions)))
	}
}
