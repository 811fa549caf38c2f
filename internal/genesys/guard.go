package genesys

import (
	"context"
	"crypto/tls"
	"net"
	"net/http/httptrace"
	"time"
)

// Guard says whether a request may be sent now, and for how long that holds,
// or why not. ctx is that of the request.
type Guard func(ctx context.Context) (holds time.Duration, err error)

// A guard's answer is trusted no longer than this: clocks may leap.
const guardHolds = time.Second

// guarded ends ctx once the guard objects, with its error as the cause. It is
// asked now, whenever its last answer has run out, and at the last moment: when
// a connection is there to write a request on. Dialling takes its time, and what
// follows a redirect or replaces a dead connection asks nobody else.
func guarded(ctx context.Context, guard Guard) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	ask := func() time.Duration { return guardHolds }
	if guard != nil {
		ask = func() time.Duration {
			holds, err := guard(ctx)
			if err != nil {
				cancel(err)
			}
			return max(min(holds, guardHolds), time.Millisecond)
		}
		if holds := ask(); ctx.Err() == nil {
			go func() {
				for sleep(ctx, holds) == nil {
					holds = ask()
				}
			}()
		}
	}
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: func(info httptrace.GotConnInfo) {
		if ask(); ctx.Err() != nil {
			shut(info.Conn)
		}
	}}), func() { cancel(nil) }
}

// shut keeps a request from being written: HTTP/1 writes it although its context
// has ended meanwhile. HTTP/2 looks, and its connection is also that of others.
func shut(conn net.Conn) {
	if secured, ok := conn.(*tls.Conn); ok && secured.ConnectionState().NegotiatedProtocol == "h2" {
		return
	}
	_ = conn.Close()
}
