package main

import (
	"fmt"
	"os"
	"strings"

	"github.com/urfave/cli/v2"

	"exitplan/internal/dataset"
)

func datasetsCommand() *cli.Command {
	return &cli.Command{
		Name: "datasets", Usage: "list what can be exported: class, permission, method, cost",
		Action: func(c *cli.Context) error {
			catalogue := dataset.Catalogue()
			if c.Bool("json") {
				return printJSON(catalogue)
			}
			for _, info := range catalogue {
				fmt.Fprintf(os.Stdout, "%s\n  %s\n  class       %s\n  permission  %s\n  method      %s\n  cost        %s\n",
					info.Name, info.Description, info.Class, strings.Join(info.Permissions, " or "), info.Method, info.Cost)
			}
			return nil
		},
	}
}
