// Package contract turns the terms of an exit plan into windows: for each
// class of data, the half-open ranges of time in which it may be exported.
//
// Everything here is a pure function of the terms and of the instant that the
// caller passes in; the package never reads a clock. The rules, by class:
//
//   - [Metrics] opens when the exit starts (formal notice of termination
//     received, or expiry) and closes at termination. A service extension
//     period may be requested at any time, but from termination to the grant
//     the window is closed.
//   - [Recordings] opens with the subscription and closes at termination. An
//     extension of the subscription term counts only if it was requested
//     before termination, or before the end of the extension that was in
//     force when it was requested.
//   - [Configuration] opens with the subscription and closes at termination;
//     extensions work as for metrics.
//   - [Excluded] never opens.
//
// What is doubtful stays shut: an extension that [Terms.Validate] objects to,
// a missing date and an unknown class open nothing.
package contract
