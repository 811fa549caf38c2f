package main

import (
	"fmt"
	"os"
	"strings"

	"github.com/urfave/cli/v2"

	"exitplan/internal/config"
	"exitplan/internal/sink"
	"exitplan/manifest"
)

func verifyCommand() *cli.Command {
	return &cli.Command{
		Name: "verify", Usage: "check a bag or a whole export where it lies", ArgsUsage: "DIRECTORY | s3://BUCKET/PREFIX",
		Description: "Needs neither the journal nor the platform. Reads every byte unless --fast is given.\n" +
			"Exit code 0: valid; 5: something is missing, added or changed, each named.",
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "fast", Usage: "trust the checksums that the store itself keeps, where it does"},
			&cli.StringFlag{Name: "endpoint", Usage: "`URL` of an S3-compatible server"},
			&cli.StringFlag{Name: "region", Usage: "AWS `REGION` of the bucket"},
			&cli.BoolFlag{Name: "path-style", Usage: "bucket in the path, not in the host name"},
		},
		Action: verify,
	}
}

func verify(c *cli.Context) error {
	if c.NArg() != 1 {
		return usage(fmt.Errorf("verify takes one directory or s3:// URL, flags before it"))
	}
	url := c.Args().First()
	store, err := storeAt(c, url)
	if err != nil {
		return err
	}
	result, err := manifest.Verify(c.Context, store, manifest.VerifyOptions{Fast: c.Bool("fast")})
	if err != nil {
		return err
	}
	if c.Bool("json") {
		if err := printJSON(result); err != nil {
			return err
		}
	} else {
		printVerified(c, url, result)
	}
	if !result.OK() {
		return said{errVerify}
	}
	return nil
}

// storeAt opens what is to be verified. The configuration, where there is
// one, says how its bucket is reached; flags say it for any other.
func storeAt(c *cli.Context, url string) (manifest.Store, error) {
	cfg, err := loadConfig(c, config.NeedNothing)
	if err != nil {
		return nil, err
	}
	at := sinkConfig(cfg, "", nil)
	at.URL = url
	if c.IsSet("endpoint") {
		at.Endpoint = c.String("endpoint")
	}
	if c.IsSet("region") {
		at.Region = c.String("region")
	}
	if c.IsSet("path-style") {
		at.PathStyle = c.Bool("path-style")
	}
	return sink.Open(c.Context, at)
}

func printVerified(c *cli.Context, url string, r manifest.Result) {
	for _, f := range r.Findings {
		place := strings.TrimPrefix(f.Bag+"/"+f.Path, "/")
		fmt.Fprintf(os.Stdout, "%-12s %s  %s\n", f.Kind, place, f.Detail)
	}
	if more := r.FindingCount - int64(len(r.Findings)); more > 0 {
		fmt.Fprintf(os.Stdout, "and %s\n", plural(more, "finding more", "findings more"))
	}
	if c.Bool("quiet") {
		return
	}
	verdict := "valid"
	if !r.OK() {
		verdict = "NOT VALID, " + plural(r.FindingCount, "finding", "findings")
	}
	fmt.Fprintf(os.Stderr, "%s: %s; %s, %s, %s\n", url, verdict,
		plural(r.Bags, "bag", "bags"), plural(r.Files, "file", "files"), bytesText(r.Bytes))
	if r.Export && !r.Sealed {
		fmt.Fprintln(os.Stderr, "Not sealed: this export is not finished.")
	}
}
