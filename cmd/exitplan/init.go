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
		Description: "Writes FILE, or what --config names, and overwrites nothing. Settings given with --set, and\n" +
			"--state, are filled in.",
		Flags: []cli.Flag{&cli.BoolFlag{Name: "stdout", Usage: "print it instead"}},
		Action: func(c *cli.Context) error {
			values, err := overrides(c)
			if err != nil {
				return err
			}
			text, err := config.Fill(values)
			if err != nil {
				return err
			}
			if c.Bool("stdout") {
				_, err := fmt.Print(text)
				return err
			}
			path := c.Args().First()
			if path == "" {
				path, _ = configFile(c)
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
