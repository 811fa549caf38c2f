package exporter

import (
	"context"
	"fmt"
	"io"
	"iter"
	"time"
)

// Foreign is an object of the destination's bucket that somebody else wrote,
// outside the export's root: the platform, when a recording job exports.
type Foreign struct {
	Key      string // from the bucket's top
	Bytes    int64
	ETag     string // as the store printed it
	Modified time.Time
}

// Neighbour is a [Sink] in a bucket into which others write as well. What they
// wrote is never changed and never deleted.
type Neighbour interface {
	// Bucket is the bucket's name.
	Bucket() string
	// Beside lists the objects of the bucket whose keys begin with prefix, in
	// byte order.
	Beside(ctx context.Context, prefix string) iter.Seq2[Foreign, error]
	// OpenForeign reads what was listed; an error where it has changed since,
	// which wraps ErrUnverified.
	OpenForeign(ctx context.Context, from Foreign) (io.ReadCloser, error)
	// Take stores a copy of what was listed under obj.Path and promises what
	// Put does. The bytes stay in the store where it can copy them, and state
	// their SHA-256; otherwise they pass through here once. If the object is
	// not the one that was listed, the error wraps ErrUnverified.
	Take(ctx context.Context, from Foreign, obj Object) (Artifact, error)
}

// Neighbour is the destination, if others may write beside it; else false.
func (o *Output) Neighbour() (Neighbour, bool) {
	n, ok := o.Sink.(Neighbour)
	return n, ok
}

// Take stores a copy of a foreign object as [Output.Put] would store its bytes.
func (o *Output) Take(ctx context.Context, from Foreign, obj Object) (Artifact, error) {
	n, ok := o.Neighbour()
	if !ok {
		return Artifact{}, fmt.Errorf("store %s: %s cannot be taken: the destination is no bucket", obj.Path, from.Key)
	}
	if err := o.announce(ctx, &obj); err != nil {
		return Artifact{}, err
	}
	return n.Take(ctx, from, obj)
}
