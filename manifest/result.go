package manifest

import (
	"cmp"
	"slices"
	"sync"
)

// Kind says what is wrong. Scripts and reports rely on the spelling.
type Kind string

// The kinds of a finding.
const (
	Missing     Kind = "missing"      // listed in a manifest, but not there
	Added       Kind = "added"        // there, but listed in no manifest
	Changed     Kind = "changed"      // its bytes do not give the listed checksum
	Size        Kind = "size"         // the payload is not as large as Payload-Oxum says
	Unfetched   Kind = "unfetched"    // listed in fetch.txt, and not fetched yet
	Duplicate   Kind = "duplicate"    // listed twice in one manifest
	Hostile     Kind = "hostile"      // a path that could lead out of the bag; not opened
	Malformed   Kind = "malformed"    // a control file breaks the format's rules
	Irregular   Kind = "irregular"    // a link or a device instead of a file; not opened
	Stray       Kind = "stray"        // lies in an export's root, but belongs to no bag
	UnlistedBag Kind = "unlisted-bag" // a bag that BAGS.sha256 does not list
	MissingBag  Kind = "missing-bag"  // a bag of which nothing but its line in BAGS.sha256 is left
)

// Finding is one way in which a bag or an export is not what it should be.
type Finding struct {
	Bag    string `json:"bag,omitempty"`  // its path from the export's root; empty for a single bag, and for the export itself
	Path   string `json:"path,omitempty"` // relative to the bag
	Kind   Kind   `json:"kind"`
	Detail string `json:"detail,omitempty"`
}

// Note is something worth knowing that does not break anything.
type Note struct {
	Bag    string `json:"bag,omitempty"`
	Path   string `json:"path,omitempty"`
	Detail string `json:"detail"`
}

// Result is what [Verify] saw.
type Result struct {
	// Export: a whole export was verified, rather than a single bag.
	Export bool `json:"export"`
	// Sealed: the export has its root bag, and that does not say that the
	// export goes on ([ExportOpen]). Any other is not finished.
	Sealed bool  `json:"sealed"`
	Bags   int64 `json:"bags"`  // read, the root bag included
	Files  int64 `json:"files"` // of the payload, as present
	Bytes  int64 `json:"bytes"` // of the payload, as present
	// How the payload files that are listed and present were compared.
	Read     int64 `json:"read"`      // by reading every byte
	Attested int64 `json:"attested"`  // by the store's own checksum (Fast)
	SizeOnly int64 `json:"size_only"` // not at all, apart from Payload-Oxum (Fast)
	// Unverified files of an unsealed export lie in no manifest yet.
	Unverified int64 `json:"unverified"`

	// Findings by bag and path: at most as many as MaxFindings allowed.
	Findings []Finding `json:"findings"`
	// FindingCount is how many there are in all.
	FindingCount int64  `json:"finding_count"`
	Notes        []Note `json:"notes,omitempty"`
	NoteCount    int64  `json:"note_count"`
}

// OK says that nothing was found. It says nothing about whether an export is
// finished (see Sealed), nor that there was anything to compare (see Bags).
func (r Result) OK() bool { return r.FindingCount == 0 }

// record collects what is found, from any goroutine, and keeps no more than
// a limited number of each.
type record struct {
	limit int

	mu     sync.Mutex
	result Result
}

func (r *record) add(f Finding) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.result.FindingCount++
	if len(r.result.Findings) < r.limit {
		r.result.Findings = append(r.result.Findings, f)
	}
}

func (r *record) note(n Note) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.result.NoteCount++
	if len(r.result.Notes) < r.limit {
		r.result.Notes = append(r.result.Notes, n)
	}
}

// count changes the counters.
func (r *record) count(fn func(*Result)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	fn(&r.result)
}

// sorted returns the result in an order that does not depend on timing.
func (r *record) sorted() Result {
	r.mu.Lock()
	defer r.mu.Unlock()
	slices.SortStableFunc(r.result.Findings, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(a.Bag, b.Bag), cmp.Compare(a.Path, b.Path), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Detail, b.Detail))
	})
	slices.SortStableFunc(r.result.Notes, func(a, b Note) int {
		return cmp.Or(cmp.Compare(a.Bag, b.Bag), cmp.Compare(a.Path, b.Path), cmp.Compare(a.Detail, b.Detail))
	})
	return r.result
}
