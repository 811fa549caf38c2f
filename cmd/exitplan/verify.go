package main

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"exitplan/internal/config"
	"exitplan/internal/sink"
	"exitplan/manifest"
)

func verifyCommand() *cli.Command {
	return &cli.Command{
		Name: "verify", Usage: "check a bag or a whole export where it lies", ArgsUsage: "DIRECTORY | s3://BUCKET/PREFIX",
		Description: "Needs neither the journal nor the platform. How a bucket is reached is read from the configuration\n" +
			"if its destination lies in the same bucket, or if --config names it; the flags below win.\n\n" +
			"Reads every byte, unless --fast is given: then files are compared with the checksums that the store\n" +
			"itself keeps, and those without one by size alone. Where there are any of these, the verdict is\n" +
			"'sizes agree' instead of 'valid'; where there is nothing else, the exit code is 64.\n\n" +
			"Exit codes: 0 valid; 5 something is missing, added or changed, each named, or nothing here could be\n" +
			"verified; 8 valid as far as it goes, but the export is not finished: it has no sealed root bag.",
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "fast", Usage: "trust the checksums that the store itself keeps, where it does, and read no other file"},
			&cli.StringFlag{Name: "endpoint", Usage: "`URL` of an S3-compatible server"},
			&cli.StringFlag{Name: "region", Usage: "AWS `REGION` of the bucket"},
			&cli.BoolFlag{Name: "path-style", Usage: "bucket in the path, not in the host name"},
		},
		Action: verify,
	}
}

func verify(c *cli.Context) error {
	if c.NArg() != 1 {
		return usage(errors.New("verify takes one directory or s3:// URL, flags before it"))
	}
	url := c.Args().First()
	store, err := storeAt(c, url)
	if err != nil {
		return err
	}
	result, err := manifest.Verify(c.Context, store, manifest.VerifyOptions{Fast: c.Bool("fast")})
	if err != nil {
		// What was found by then is not lost on an unreadable store.
		if !c.Bool("quiet") {
			printVerified(result)
		}
		return fmt.Errorf("verify %s: stopped before the end, after %s: %w", url, plural(result.FindingCount, "finding", "findings"), err)
	}
	if result.Export {
		if err := verifyLedger(c.Context, store, &result); err != nil {
			return fmt.Errorf("verify %s: the ledger of extensions: %w", url, err)
		}
	}
	j := judge(result, c.Bool("fast"))
	rehearsal, err := rehearsalAt(c.Context, store)
	if err != nil {
		return fmt.Errorf("verify %s: %w", url, err)
	}
	if rehearsal != "" {
		j.reasons = append(j.reasons, "a REHEARSAL: "+rehearsal)
	}
	if c.Bool("json") {
		result.Findings = append([]manifest.Finding{}, result.Findings...) // an array, also of none
		if err := printJSON(struct {
			manifest.Result
			Verdict   string `json:"verdict"`
			Rehearsal string `json:"rehearsal,omitempty"`
		}{result, strings.ToLower(j.verdict), rehearsal}); err != nil {
			return err
		}
	} else if !c.Bool("quiet") {
		printVerified(result)
	}
	if quiet := c.Bool("quiet"); quiet && j.err != nil || !quiet && !c.Bool("json") {
		fmt.Fprintf(os.Stderr, "%s: %s\n", url, strings.Join(append([]string{j.verdict}, j.reasons...), "; "))
	}
	if j.err != nil {
		return said{j.err}
	}
	return nil
}

// judgement is what a verification amounts to.
type judgement struct {
	verdict string
	reasons []string
	err     error // stands for the exit code
}

// judge never says valid of an export that is not finished, nor of files that
// were not compared.
func judge(r manifest.Result, fast bool) judgement {
	j := judgement{verdict: "valid"}
	add := func(reason string) { j.reasons = append(j.reasons, reason) }
	unfinished := r.Export && !r.Sealed
	switch {
	case !r.OK():
		j.verdict, j.err = "NOT VALID", errVerify
		add(plural(r.FindingCount, "finding", "findings"))
	case unfinished && r.Bags == 0:
		j.verdict, j.err = "NOT FINISHED", errVerify
		add("nothing here could be verified")
	case fast && r.SizeOnly > 0 && r.Attested == 0:
		j.verdict, j.err = "sizes agree", errUsage
		add("this proves no file: leave out --fast, to read them")
	case unfinished:
		j.verdict, j.err = "NOT FINISHED", errUnfinished
	case r.SizeOnly > 0:
		j.verdict = "sizes agree"
	}
	files := plural(r.Files, "file", "files")
	switch {
	case unfinished && r.OK() && r.SizeOnly == 0:
		add(fmt.Sprintf("%s valid, with %s, %s", plural(r.Bags, "bag", "bags"), files, bytesText(r.Bytes)))
	case r.Bags > 0:
		add(fmt.Sprintf("%s, %s, %s", plural(r.Bags, "bag", "bags"), files, bytesText(r.Bytes)))
	}
	if unfinished {
		add("no root bag says that it is")
	}
	if r.Unverified > 0 {
		add(plural(r.Unverified, "file", "files") + " in no manifest and so not verified")
	}
	if r.Attested > 0 {
		add(plural(r.Attested, "file", "files") + " compared by the store's own checksum")
	}
	switch {
	case r.SizeOnly > 0 && r.Attested > 0:
		add(plural(r.SizeOnly, "file", "files") + " compared by size alone: --fast reads no bytes, and of these the store keeps no checksum")
	case r.SizeOnly > 0:
		add(plural(r.SizeOnly, "file", "files") + " compared by size alone: --fast reads no bytes, and this destination keeps no checksum")
	}
	return j
}

// storeAt opens what is to be verified.
func storeAt(c *cli.Context, url string) (manifest.Store, error) {
	d, err := reach(c, url)
	if err != nil {
		return nil, err
	}
	at := sink.Config{URL: url, Region: d.Region, Endpoint: d.Endpoint, PathStyle: d.PathStyle,
		ExpectedBucketOwner: d.ExpectedBucketOwner, Now: time.Now}
	if c.IsSet("endpoint") {
		at.Endpoint = c.String("endpoint")
	}
	if c.IsSet("region") {
		at.Region = c.String("region")
	}
	if c.IsSet("path-style") {
		at.PathStyle = c.Bool("path-style")
	}
	store, err := sink.Open(c.Context, at)
	if errors.Is(err, sink.ErrRegion) {
		return nil, fmt.Errorf("%w, or give --region", err)
	}
	return store, err
}

// reach is how a bucket is reached. A configuration that nobody named says so
// of its own bucket alone, and cannot keep anything from being verified.
func reach(c *cli.Context, url string) (config.Destination, error) {
	path, named := configFile(c)
	bucket := bucketOf(url)
	if bucket == "" && !named {
		return config.Destination{}, nil
	}
	values, err := overrides(c)
	if err != nil {
		return config.Destination{}, err
	}
	flags, err := config.LoadDestination("", os.Environ(), values)
	if err != nil {
		return config.Destination{}, err
	}
	if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) && !named {
		return flags, nil
	}
	d, err := config.LoadDestination(path, os.Environ(), values)
	same := err == nil && bucketOf(d.URL) == bucket
	switch {
	case named && err != nil:
		return config.Destination{}, err
	case err != nil:
		if !c.Bool("quiet") {
			first, _, _ := strings.Cut(err.Error(), "\n")
			fmt.Fprintf(os.Stderr, "%s is not heeded: %s\n", path, first)
		}
		return flags, nil
	case !same && !named:
		return flags, nil
	case !same:
		d.ExpectedBucketOwner = flags.ExpectedBucketOwner // it owns the other bucket
	}
	return d, nil
}

// bucketOf is the bucket of an s3:// URL, and empty for any other.
func bucketOf(url string) string {
	rest, ok := strings.CutPrefix(url, "s3://")
	if !ok {
		return ""
	}
	bucket, _, _ := strings.Cut(rest, "/")
	return bucket
}

// printVerified lists what was found, and what is worth knowing.
func printVerified(r manifest.Result) {
	line := func(kind, bag, path, detail string) {
		place := bag + "/" + path
		switch {
		case bag == "":
			place = path
		case path == "":
			place = bag
		}
		if place != "" {
			place += "  "
		}
		fmt.Fprintf(os.Stdout, "%-12s %s%s\n", kind, place, detail)
	}
	for _, f := range r.Findings {
		line(string(f.Kind), f.Bag, f.Path, f.Detail)
	}
	if more := r.FindingCount - int64(len(r.Findings)); more > 0 {
		fmt.Fprintf(os.Stdout, "and %s\n", plural(more, "finding more", "findings more"))
	}
	for _, n := range r.Notes {
		line("note", n.Bag, n.Path, n.Detail)
	}
	if more := r.NoteCount - int64(len(r.Notes)); more > 0 {
		fmt.Fprintf(os.Stdout, "and %s\n", plural(more, "note more", "notes more"))
	}
}
