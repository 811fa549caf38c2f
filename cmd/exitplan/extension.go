package main

import (
	"fmt"

	"github.com/urfave/cli/v2"

	"exitplan/internal/ledger"
)

func extensionCommand() *cli.Command {
	reference := &cli.StringFlag{Name: "reference", Usage: "identity of the extension, such as the number of its order (`ID`)"}
	common := []cli.Flag{
		reference,
		&cli.StringFlag{Name: "by", Usage: "who records it (`NAME`; default: the user of this machine)"},
		&cli.StringFlag{Name: "approver", Usage: "who agreed, or is to agree (`NAME`)"},
		&cli.StringFlag{Name: "document", Usage: "the letter or order that proves it; its digest is recorded (`FILE`)"},
		&cli.StringFlag{Name: "note", Usage: "`TEXT` for whoever reads the ledger"},
	}
	until := &cli.StringFlag{Name: "until", Usage: "last day, or an RFC 3339 instant (`DATE`)"}
	classes := &cli.StringFlag{Name: "classes", Usage: "metrics, recordings, configuration (`LIST`)"}
	command := &cli.Command{
		Name: "extension", Usage: "record in the ledger who requested, granted or withdrew more time",
		Description: "The ledger lies in the state directory (" + ledger.File + "), is only ever appended to, and is copied to the destination.\n" +
			"Repeating a command changes nothing.\n" +
			"Exit codes: 0 recorded, 4 a request for recordings comes too late, 5 the ledger was tampered with, 64 usage.",
		Subcommands: []*cli.Command{
			{
				Name: "request", Usage: "record that an extension was requested; it opens nothing until it is granted",
				Flags: append([]cli.Flag{until, classes,
					&cli.StringFlag{Name: "requested", Usage: "when, if not now; an earlier day needs --document or --note (`DATE`)"}}, common...),
				Action: func(c *cli.Context) error { return recordExtension(c, requestRule) },
			},
			{
				Name: "grant", Usage: "record that a requested extension was granted",
				Flags: append([]cli.Flag{
					&cli.StringFlag{Name: "until", Usage: "last day, if not as requested (`DATE`)"},
					&cli.StringFlag{Name: "classes", Usage: "if fewer than requested (`LIST`)"},
					&cli.StringFlag{Name: "granted", Usage: "when, if not now (`DATE`)"}}, common...),
				Action: func(c *cli.Context) error { return recordExtension(c, grantRule) },
			},
			{
				Name: "withdraw", Usage: "record that a request or a grant was taken back; from now on it opens nothing",
				Flags: common, Action: func(c *cli.Context) error { return recordExtension(c, withdrawRule) },
			},
			{
				Name: "list", Usage: "print the ledger",
				Action: listExtensions,
			},
			letterCommand(),
		},
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
