package manifest_test

import (
	"context"
	"fmt"
	"io"
	"log"
	"os"
	"path/filepath"
	"strings"

	"exitplan/manifest"
)

// A payload that lies in a folder already becomes a bag, and the bag is
// verified: once whole, once with a byte changed.
func Example() {
	ctx := context.Background()
	root, err := os.MkdirTemp("", "export-")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(root)

	const payload = "hello\n"
	put := func(_ context.Context, path string, body io.Reader, _ int64) error {
		name := filepath.Join(root, filepath.FromSlash(path))
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			return err
		}
		f, err := os.Create(name)
		if err != nil {
			return err
		}
		defer f.Close()
		_, err = io.Copy(f, body)
		return err
	}
	if err := put(ctx, "bags/greetings/data/hello.txt", strings.NewReader(payload), 6); err != nil {
		log.Fatal(err)
	}

	entries := func(yield func(manifest.Entry, error) bool) {
		yield(manifest.Entry{
			Path:   "data/hello.txt",
			SHA256: "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03",
			Bytes:  6,
		}, nil)
	}
	info := manifest.Info{{Label: "Source-Organization", Value: "Example KK"}}
	bag, err := manifest.WriteBag(ctx, "bags/greetings", entries, info, nil, manifest.WriteOptions{
		Put:   put,
		Spool: func() (*os.File, error) { return os.CreateTemp(root, "spool-") },
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(bag.Files, "file,", bag.Bytes, "bytes, sealed by", bag.TagManifestSHA256[:8])

	store := manifest.Dir(filepath.Join(root, "bags", "greetings"))
	result, err := manifest.Verify(ctx, store, manifest.VerifyOptions{})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("whole:", result.OK())

	if err := put(ctx, "bags/greetings/data/hello.txt", strings.NewReader("hallo\n"), 6); err != nil {
		log.Fatal(err)
	}
	result, err = manifest.Verify(ctx, store, manifest.VerifyOptions{})
	if err != nil {
		log.Fatal(err)
	}
	for _, f := range result.Findings {
		fmt.Println(f.Kind, f.Path)
	}
	// Output:
	// 1 file, 6 bytes, sealed by 0b78a99f
	// whole: true
	// changed data/hello.txt
}
