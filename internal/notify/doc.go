// Package notify tells others how an export goes: a webhook, a command, or
// both. It promises its caller never to stand in the way: [Sender.Send] returns
// at once, and what could not be told is an error for [Config.Failed], never for
// the export.
package notify
