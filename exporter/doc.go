// Package exporter is the export as a library: it plans datasets into units
// of work, runs them under one window, one pool and one byte budget, and
// commits what each run produced.
//
// The model, in the order in which data flows:
//
//   - A [Dataset] is one kind of customer data. It plans an [Interval] into
//     units and runs one unit at a time.
//   - A [Unit] is the smallest piece that is retried as a whole. It is plain
//     data; planning twice gives the same keys.
//   - While it runs, a unit puts artifacts into a [Sink] and saves a
//     [Receipt] whenever something it must not lose has happened.
//   - A [Journal] commits each receipt in one transaction, which gives
//     exactly-once bookkeeping over at-least-once work.
//   - [Run] drives this until nothing is left, the window closes, or the
//     context ends; [Seal] turns the journal into verifiable bags.
//
// The package knows neither HTTP nor S3 nor SQL. Everything that does is
// handed in through [Config].
package exporter
