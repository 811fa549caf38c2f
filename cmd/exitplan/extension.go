package main

import (
	"fmt"

	"github.com/urfave/cli/v2"
)

func extensionCommand() *cli.Command {
	command := &cli.Command{
		Name: "extension", Usage: "ask for more time",
		Subcommands: []*cli.Command{letterCommand()},
		Action: func(c *cli.Context) error {
			if name := c.Args().First(); name != "" {
				return usage(fmt.Errorf("extension has no command %q; 'exitplan extension --help' lists them", name))
			}
			return cli.ShowSubcommandHelp(c)
		},
	}
	for _, sub := range command.Subcommands {
		prepare(sub)
	}
	return command
}
