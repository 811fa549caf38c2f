package main

import (
	"context"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// object is what an export stored for a recording: its media, or its sidecar.
type object struct {
	name    string // of the file, without folders
	key     string // below the prefix
	bytes   int64
	sidecar bool
}

// contestant copies objects in its own way to a prefix of the bucket.
type contestant struct {
	name     string
	sidecars bool // copies them, too
	run      func(ctx context.Context, prefix string) (measure, error)
	runs     []measure
}

// compare lets the contestants run in turns and prints medians and ratios.
func (b *bench) compare(ctx context.Context) error {
	first, _, err := b.export(ctx, "source") // not counted: caches are cold
	if err != nil {
		return err
	}
	log.Printf("source made in %.1f s", first.wall)
	objects, err := b.stored("source")
	if err != nil {
		return err
	}
	media, all, stop, err := b.serve("source", objects)
	if err != nil {
		return err
	}
	defer stop()

	exporter := func(ctx context.Context, prefix string) (measure, error) {
		m, _, err := b.export(ctx, prefix)
		return m, err
	}
	bare := func(source string, sidecars bool) func(context.Context, string) (measure, error) {
		return func(ctx context.Context, prefix string) (measure, error) {
			return b.bare(ctx, source, prefix, objects, sidecars)
		}
	}
	rclone := func(source string) func(context.Context, string) (measure, error) {
		return func(ctx context.Context, prefix string) (measure, error) { return b.rclone(ctx, source, prefix) }
	}
	field := []*contestant{{name: "exitplan", sidecars: true, run: exporter}}
	if _, err := exec.LookPath("rclone"); err != nil {
		log.Print("rclone is not installed: left out")
	} else {
		field = append(field,
			&contestant{name: "rclone", sidecars: true, run: rclone(all)},
			&contestant{name: "rclone, media alone", run: rclone(media)})
	}
	field = append(field,
		&contestant{name: "bare loop", sidecars: true, run: bare(all, true)},
		&contestant{name: "bare loop, media alone", run: bare(media, false)})
	for round := range b.rounds {
		for _, c := range field {
			prefix := fmt.Sprintf("run-%d", round)
			m, err := c.run(ctx, prefix)
			if err == nil {
				err = b.check(prefix, objects, c.sidecars)
			}
			if err != nil {
				return fmt.Errorf("%s: %w", c.name, err)
			}
			c.runs = append(c.runs, m)
			if err := b.clear(prefix); err != nil {
				return err
			}
			if c.name == "exitplan" {
				_ = os.RemoveAll(filepath.Join(b.dir, prefix+"-state"))
			}
		}
	}
	b.print(field, objects)
	return nil
}

func (b *bench) print(field []*contestant, objects []object) {
	recordings, payload := 0, int64(0)
	for _, o := range objects {
		if !o.sidecar {
			recordings, payload = recordings+1, payload+o.bytes
		}
	}
	fmt.Printf("%d recordings, %.1f MB of media, %d transfers at once, median of %d rounds\n\n", recordings, float64(payload)/1e6, b.transfers, b.rounds)
	fmt.Printf("%-24s %8s %12s %10s %8s %8s %10s %12s\n", "", "wall s", "recordings/s", "objects/s", "MB/s", "CPU s", "peak MiB", "exitplan/it")
	wall := func(m measure) float64 { return m.wall }
	ours := median(field[0].runs, wall)
	for _, c := range field {
		w, copied := median(c.runs, wall), recordings
		if c.sidecars {
			copied = len(objects)
		}
		fmt.Printf("%-24s %8.2f %12.0f %10.0f %8.1f %8.2f %10.1f %12.2f\n", c.name, w, float64(recordings)/w, float64(copied)/w, float64(payload)/1e6/w,
			median(c.runs, func(m measure) float64 { return m.cpu }), median(c.runs, func(m measure) float64 { return m.rss }), w/ours)
	}
}

// stored lists the recordings below a prefix, as they lie on the server's disk.
func (b *bench) stored(prefix string) (list []object, err error) {
	root := filepath.Join(b.bucket(), prefix)
	err = filepath.WalkDir(root, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.Contains(path, "conversation_id=") {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		key, err := filepath.Rel(root, path)
		list = append(list, object{name: d.Name(), key: filepath.ToSlash(key), bytes: info.Size(), sidecar: strings.HasSuffix(path, "_metadata.json")})
		return err
	})
	return list, err
}

// check counts what a contestant stored: one that is fast because it leaves
// something out has not won.
func (b *bench) check(prefix string, objects []object, sidecars bool) error {
	want := map[string]int64{}
	for _, o := range objects {
		if sidecars || !o.sidecar {
			want[o.name] = o.bytes
		}
	}
	err := filepath.WalkDir(filepath.Join(b.bucket(), prefix), func(_ string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		// Sidecars of another run may differ in what they say of the platform's address.
		if size, ok := want[d.Name()]; ok && (size == info.Size() || strings.HasSuffix(d.Name(), "_metadata.json")) {
			delete(want, d.Name())
		}
		return nil
	})
	if err == nil && len(want) > 0 {
		err = fmt.Errorf("%d objects are absent or of another size", len(want))
	}
	return err
}

// serve offers what an export stored in two flat folders, one with and one
// without the sidecars: the same bytes that the simulator gives, from a
// simpler server, which has nothing to sign or to generate.
func (b *bench) serve(prefix string, objects []object) (media, all string, stop func(), err error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", "", nil, err
	}
	root := filepath.Join(b.store, "files")
	for _, folder := range []string{"media", "all"} {
		if err := os.MkdirAll(filepath.Join(root, folder), 0o755); err != nil {
			return "", "", nil, err
		}
		for _, o := range objects {
			if o.sidecar && folder == "media" {
				continue
			}
			if err := os.Link(filepath.Join(b.bucket(), prefix, filepath.FromSlash(o.key)), filepath.Join(root, folder, o.name)); err != nil {
				return "", "", nil, err
			}
		}
	}
	server := &http.Server{Handler: http.FileServer(http.Dir(root))}
	go func() { _ = server.Serve(l) }()
	base := "http://" + l.Addr().String()
	return base + "/media/", base + "/all/", func() { server.Close() }, nil
}

// rclone copies from the HTTP listing, without the questions to S3 that it
// can do without.
func (b *bench) rclone(ctx context.Context, source, prefix string) (measure, error) {
	n := strconv.Itoa(b.transfers)
	cmd := exec.CommandContext(ctx, "rclone", "copy", "--config", os.DevNull, "--http-url", source, ":http:", ":s3:"+b.server.Bucket+"/"+prefix,
		"--transfers", n, "--checkers", n, "--s3-provider", "Other", "--s3-endpoint", b.server.Endpoint,
		"--s3-env-auth", "--s3-region", b.server.Region, "--s3-force-path-style", "--s3-no-check-bucket", "--s3-no-head")
	// rclone's S3 client refuses to start where this is set.
	cmd.Env = slices.DeleteFunc(b.env(), func(kv string) bool { return strings.HasPrefix(kv, "AWS_CA_BUNDLE=") })
	return timed(cmd)
}
