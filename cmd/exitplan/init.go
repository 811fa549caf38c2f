package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/urfave/cli/v2"

	"exitplan/internal/config"
)

func initCommand() *cli.Command {
	return &cli.Command{
		Name: "init", Usage: "write a commented exitplan.yaml to fill in", ArgsUsage: "[FILE]",
		Flags: []cli.Flag{&cli.BoolFlag{Name: "stdout", Usage: "print it instead"}},
		Action: func(c *cli.Context) error {
			values := map[string]string{}
			for _, pair := range c.StringSlice("set") {
				key, value, ok := cut(pair)
				if !ok {
					return usage(fmt.Errorf("--set %q: write KEY=VALUE", pair))
				}
				values[key] = value
			}
			text := config.Template(values)
			if c.Bool("stdout") {
				_, err := fmt.Print(text)
				return err
			}
			path := c.Args().First()
			if path == "" {
				path = c.String("config")
			}
			file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
			if errors.Is(err, fs.ErrExist) {
				return usage(fmt.Errorf("%s exists already; it is left as it is", path))
			}
			if err != nil {
				return err
			}
			if _, err := file.WriteString(text); err != nil {
				return errors.Join(err, file.Close())
			}
			if err := file.Close(); err != nil {
				return err
			}
			fmt.Fprintf(os.Stderr, "%s is written. Fill in what is marked as required, then run: exitplan check\n", path)
			return nil
		},
	}
}
