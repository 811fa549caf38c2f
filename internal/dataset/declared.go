package dataset

import (
	"encoding/json"

	"exitplan/exporter"
	"exitplan/internal/genesys"
)

// listing declares a dataset: what the platform's API is asked for, and for
// what. A plain one needs a name, a path and a few words.
type listing struct {
	name, path string
	style      genesys.Style
	array      string // see [genesys.Listing]
	sizeParam  string
	size       int // records a page, default 100
	// query holds the parameters that undo harmful defaults, which would hide
	// what was deleted, deactivated or is a draft.
	query string
	// body makes it a POST of that JSON, in which {interval} is the unit's, and
	// {id}, {ids} and the like are the parent's; see ask.
	body string
	// job is what the platform has to do before there is an answer.
	job *job
	// file says where in a record the URLs of files are; they are stored too.
	file *reference

	// parent is the dataset whose records this is listed for. Their ids take
	// the places in the path, or that of {id} in the query or the body.
	parent string
	// of gives the ids of what a parent's record has, where they are not its id.
	of func(json.RawMessage) []string
	// among gives the ids below each conversation (parent: details), its own
	// first; nil for none.
	among func(conversation) [][]string
	// bulk is how many parents one request is about, whose last ids become {ids}.
	bulk int
	// sparse: 404 says that a parent has nothing.
	sparse bool

	class string // default configuration
	group string // of bags, by period where a unit has a time; default the one of configuration
	// every cuts the export's interval into units of so many days.
	every int
	// keeps is how many days back the platform answers; 0: as far as anybody asks.
	keeps int
	// expects reads what a record says of another dataset.
	expects func(json.RawMessage) (exporter.Expectation, bool)
	// grows: there may be more of it later, so that a later run lists it again.
	grows bool
	// tail adds a unit for the time between the interval and the end of the run.
	tail bool

	permissions []string
	about       string
	// beyond names the source for what the API definition that we hold leaves out.
	beyond string
}

// reference is where the records of a dataset say what files they have. Places
// are names separated by slashes; arrays are gone through, and * is any name.
type reference struct {
	urls   []string // of URLs
	name   string   // of a file's name, from what holds its URL; with inline, its last id
	kindAt string   // of its content type, likewise
	kind   string   // the content type, where neither the record nor the storage says it
	sizeAt string   // of how many bytes it has, likewise
	inline bool     // the file is JSON, and becomes the record
	must   bool     // a record without a file lacks what it is exported for
}

// job is work of the platform that a dataset waits for.
type job struct {
	submit string // path of the POST whose body is the listing's; empty: asking is enough
	id     string // of the job, in the answer, for {job}
	status string // path that is polled; the listing's own path has what it made
	state  string // the field that says how it stands
	done   string // its values when it is done, separated by spaces
	failed string // and when it came to nothing
	partly string // and when it came to less than asked
	fresh  string // the field with the time of what was made, which must not be from before
}
