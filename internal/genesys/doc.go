// Package genesys is a client of the Genesys Cloud Platform API: it logs in,
// keeps to the rate that the platform allows, repeats what may be repeated,
// follows every paging style, and hands on what the API said as raw JSON.
//
// It knows no dataset. Records pass through as the bytes that were received;
// only the fields that steer paging are read.
//
//   - [Client.Get], [Client.Post] and [Client.Delete] are for small answers.
//   - [Client.Page] streams the records of one page, [Client.Rows] those of a
//     whole [Listing].
//   - [Client.Media] opens a signed URL, which is no API call: it costs no
//     rate, and sees no token.
//
// All requests of a [Client] share one token and one rate budget. Delivery is
// at least once: a page that breaks off half-way is read again from its
// start, so callers drop the rows that they have seen.
//
// Every method stops soon after its context ends, sends nothing from then on,
// and returns an error that wraps the context's cause.
package genesys
