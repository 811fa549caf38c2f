package exporter_test

import (
	"context"
	"errors"
	"io"
	"iter"
	"strings"
	"testing"

	"exitplan/exporter"
)

// shared is a sink beside which others write.
type shared struct {
	memory
	replace bool // whether an object that differs might be replaced
}

func (*shared) Bucket() string { return "bucket" }

func (*shared) Beside(context.Context, string) iter.Seq2[exporter.Foreign, error] {
	return func(func(exporter.Foreign, error) bool) {}
}

func (*shared) OpenForeign(context.Context, exporter.Foreign) (io.ReadCloser, error) {
	return nil, errors.New("not read")
}

func (s *shared) Take(ctx context.Context, from exporter.Foreign, obj exporter.Object) (a exporter.Artifact, err error) {
	if s.replace, err = obj.Replaceable(ctx); err != nil {
		return a, err
	}
	return s.Put(ctx, obj, strings.NewReader(from.Key))
}

// What is taken may replace what no receipt vouches for, and nothing else.
func TestTakeReplacesOnlyWhatNoReceiptKnows(t *testing.T) {
	const path = "bags/post-2026/data/letters/taken"
	sink := &shared{}
	for _, vouched := range []bool{false, true} {
		d := &letters{run: func(ctx context.Context, u exporter.Unit, out *exporter.Output) error {
			a, err := out.Take(ctx, exporter.Foreign{Key: "org/x"}, exporter.Object{Path: path, Size: 5})
			if err != nil || !vouched {
				return err
			}
			a.Dataset = "letters"
			if err := out.Save(ctx, exporter.Receipt{Unit: u.Key, Artifacts: []exporter.Artifact{a}}); err != nil {
				return err
			}
			_, err = out.Take(ctx, exporter.Foreign{Key: "org/x"}, exporter.Object{Path: path, Size: 5})
			return err
		}}
		cfg, _ := setUp(t, d)
		cfg.Sink, cfg.Units = sink, 1
		if err := exporter.Run(t.Context(), cfg); err != nil {
			t.Fatal(err)
		}
		if sink.replace == vouched {
			t.Errorf("vouched for: %v, may be replaced: %v", vouched, sink.replace)
		}
	}
}

func TestNothingIsTakenIntoAFolder(t *testing.T) {
	var taken error
	d := &letters{run: func(ctx context.Context, u exporter.Unit, out *exporter.Output) error {
		if _, ok := out.Neighbour(); ok {
			t.Error("it has neighbours")
		}
		_, taken = out.Take(ctx, exporter.Foreign{Key: "org/x"}, exporter.Object{Path: "bags/post-2026/data/x"})
		return nil
	}}
	cfg, _ := setUp(t, d)
	cfg.Units = 1
	if err := exporter.Run(t.Context(), cfg); err != nil {
		t.Fatal(err)
	}
	if taken == nil || !strings.Contains(taken.Error(), "no bucket") {
		t.Errorf("error is %v", taken)
	}
}
