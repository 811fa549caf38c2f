package main

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/urfave/cli/v2"

	"exitplan/exporter"
	"exitplan/internal/dataset"
)

func datasetsCommand() *cli.Command {
	return &cli.Command{
		Name: "datasets", Usage: "list what can be exported, what cannot and why, and the role that it needs",
		Flags: []cli.Flag{
			&cli.StringSliceFlag{Name: "select", Usage: "only these `DATASETS`: names, globs or classes, as in source.datasets (repeatable)"},
			&cli.BoolFlag{Name: "long", Aliases: []string{"l"}, Usage: "also method, cost and permissions"},
			&cli.BoolFlag{Name: "role", Usage: "print the permissions that they need; with --json, the body that creates the role"},
			&cli.BoolFlag{Name: "markdown", Usage: "print the catalogue as the table of docs/datasets.md"},
		},
		Action: func(c *cli.Context) error {
			catalogue, err := selected(c.StringSlice("select"))
			switch {
			case err != nil:
				return usage(err)
			case c.Bool("role"):
				return printRole(c, catalogue)
			case c.Bool("json"):
				return printJSON(catalogue)
			case c.Bool("markdown"):
				return markdown(os.Stdout, catalogue)
			case c.Bool("long"):
				return printLong(os.Stdout, catalogue)
			}
			w := tabwriter.NewWriter(os.Stdout, 0, 4, 2, ' ', 0)
			for _, info := range catalogue {
				fmt.Fprintf(w, "%s\t%s\t%s\n", info.Name, info.Class, info.Description)
			}
			return w.Flush()
		},
	}
}

// selected is the part of the catalogue that terms choose; all of it, with
// what cannot be exported, for no terms.
func selected(terms []string) ([]exporter.Info, error) {
	catalogue := dataset.Catalogue()
	if len(terms) == 0 {
		return catalogue, nil
	}
	names, err := dataset.Select(terms)
	return slices.DeleteFunc(catalogue, func(info exporter.Info) bool { return !slices.Contains(names, info.Name) }), err
}

func printLong(out io.Writer, catalogue []exporter.Info) error {
	for _, info := range catalogue {
		fmt.Fprintf(out, "%s\n  %s\n  class        %s\n", info.Name, info.Description, info.Class)
		if dataset.Exportable(info) {
			fmt.Fprintf(out, "  permissions  %s\n  method       %s\n  cost         %s\n",
				orNone(strings.Join(info.Permissions, ", ")), info.Method, info.Cost)
		}
	}
	return nil
}

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return s
}

// markdown is the catalogue for people who read the documentation.
func markdown(out io.Writer, catalogue []exporter.Info) error {
	fmt.Fprintf(out, "# Datasets\n\nMade by `exitplan datasets --markdown`; a test holds this file against the catalogue.\n")
	heading := func(title, columns string) {
		fmt.Fprintf(out, "\n## %s\n\n%s\n%s\n", title, columns, strings.Repeat("|---", strings.Count(columns, "|")-1)+"|")
	}
	heading("What can be exported", "| dataset | class | what it is | method | permissions |")
	for _, info := range catalogue {
		if dataset.Exportable(info) {
			fmt.Fprintf(out, "| `%s` | %s | %s | %s | %s |\n", info.Name, info.Class, info.Description, info.Method, orNone(strings.Join(info.Permissions, ", ")))
		}
	}
	heading("What cannot be had", "| name | class | why, and what to do instead |")
	for _, info := range catalogue {
		if !dataset.Exportable(info) {
			fmt.Fprintf(out, "| `%s` | %s | %s |\n", info.Name, info.Class, info.Description)
		}
	}
	heading("By feature of the platform", "| feature | where its data is |")
	for _, f := range dataset.Features {
		var where []string
		for _, name := range f.Datasets {
			word := "`" + name + "`"
			if class := dataset.ClassOf(name); class == exporter.Excluded || class == exporter.NotHad {
				word += " (" + class + ", see above)"
			}
			where = append(where, word)
		}
		fmt.Fprintf(out, "| %s | %s |\n", f.Name, strings.Join(where, ", "))
	}
	return nil
}

// policy is one entry of a role, as POST /api/v2/authorization/roles takes it
// (API definition, DomainPermissionPolicy).
type policy struct {
	Domain          string   `json:"domain"`
	EntityName      string   `json:"entityName"`
	ActionSet       []string `json:"actionSet"`
	AllowConditions bool     `json:"allowConditions"`
}

// permissionsOf are the permissions that datasets need, each once, sorted.
func permissionsOf(catalogue []exporter.Info) []string {
	var list []string
	for _, info := range catalogue {
		list = append(list, info.Permissions...)
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// printRole prints exactly the permissions that the datasets need.
func printRole(c *cli.Context, catalogue []exporter.Info) error {
	permissions := permissionsOf(catalogue)
	if !c.Bool("json") {
		for _, p := range permissions {
			fmt.Println(p)
		}
		return nil
	}
	policies, plain := []policy{}, []string{}
	for _, p := range permissions {
		part := strings.SplitN(p, ":", 3)
		if len(part) < 3 { // an old one, which is no policy
			plain = append(plain, p)
			continue
		}
		policies = append(policies, policy{Domain: part[0], EntityName: part[1], ActionSet: part[2:]})
	}
	return printJSON(map[string]any{
		"name": "exitplan export", "description": "Reads what exitplan exports; grant it to the OAuth client in all divisions",
		"permissionPolicies": policies, "permissions": plain,
	})
}
