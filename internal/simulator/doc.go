// Package simulator is a Genesys Cloud organization on loopback: OAuth,
// organization, limits, conversation details (jobs and query), recording
// metadata, batch requests, signed media URLs on a second port, recording jobs
// that write to a bucket (bulk.go), the listings of configuration and directory
// (listingtable.go), export jobs (exportheld.go), and what belongs to single
// conversations, and files (contentheld.go).
//
// It exists so that an export can be tried, tested and measured without a
// customer's organization. Everything it holds is a pure function of a seed,
// the day and an index: nothing is kept in memory, so an organization of any
// size costs the same, and [Truth] can say at any time, exactly, what an export
// should have found. Shapes, codes and enumerations follow the platform's
// public API definition; where the definition is silent the package follows
// documented behaviour and says so at the place.
//
// It shares no code with the client, so that it cannot share its mistakes, and
// it never decides whether an export is right: tests compare what was stored
// with [Truth].
package simulator
