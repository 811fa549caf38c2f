// Package internal holds no code of its own; its test keeps the structure that
// docs/architecture.md draws.
package internal_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// May import, inside the module. A package that is not listed may import
// nothing of ours; cmd wires everything together.
var allowed = map[string][]string{
	"cmd/exitplan":                {"*"},
	"exporter":                    {"manifest"},
	"manifest":                    {},
	"internal/contract":           {},
	"internal/genesys":            {},
	"internal/simulator":          {},
	"internal/simulator/apicheck": {},
	"internal/pace":               {},
	"internal/config":             {"internal/contract", "internal/pace"},
	"internal/dataset":            {"exporter", "internal/genesys", "internal/tables"},
	"internal/chain":              {},
	"internal/durable":            {},
	"internal/journal":            {"exporter", "manifest", "internal/chain", "internal/durable"},
	"internal/ledger":             {"internal/chain", "internal/contract", "internal/durable"},
	"internal/sink":               {"exporter", "manifest"},
	"internal/sink/s3server":      {},
	"internal/sink/sinktest":      {"exporter", "manifest", "internal/sink"},
	"internal/tables":             {},
	"internal/forecast":           {"exporter", "internal/contract"},
	"internal/notify":             {},
	"internal/report":             {"exporter", "manifest", "internal/contract"},
	"bench":                       {"*"},
}

// The only importers of a library, tests aside.
var onlyIn = map[string][]string{
	"github.com/aws/":                {"bench", "internal/sink", "internal/sink/s3server", "internal/simulator"},
	"database/sql":                   {"internal/journal"},
	"modernc.org/sqlite":             {"internal/journal"},
	"github.com/urfave/cli":          {"cmd/exitplan"},
	"github.com/schollz/progressbar": {"cmd/exitplan"},
	"golang.org/x/time/rate":         {"internal/genesys"},
	"github.com/parquet-go/":         {"internal/tables"},
	"exitplan/internal/simulator":    {"cmd/exitplan", "bench"},
	"net/http": {"internal/genesys", "internal/sink", "internal/sink/s3server",
		"internal/sink/sinktest", "internal/simulator", "internal/simulator/apicheck", "internal/notify", "cmd/exitplan", "bench"},
}

// A longer file is rarely one idea.
const longest = 420

func TestImportsPointDown(t *testing.T) {
	each(t, func(name string, file *ast.File, test bool) {
		pkg := path.Dir(name)
		for _, spec := range file.Imports {
			imported, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				t.Fatal(err)
			}
			if test {
				continue
			}
			if ours, ok := strings.CutPrefix(imported, "exitplan/"); ok {
				may, listed := allowed[pkg]
				if !listed {
					t.Errorf("%s: package %s is not in the table of this test: say what it may import", name, pkg)
				}
				if !slices.Contains(may, "*") && !slices.Contains(may, ours) {
					t.Errorf("%s imports %s; %s may import %v", name, ours, pkg, may)
				}
			}
			for library, users := range onlyIn {
				if strings.HasPrefix(imported, library) && !slices.Contains(users, pkg) {
					t.Errorf("%s imports %s; only %v may", name, imported, users)
				}
			}
		}
	})
}

// The time is handed in everywhere else, so that a test can turn it. The
// simulator stands in for another machine, with a clock of its own.
func TestOnlyCommandsReadTheClock(t *testing.T) {
	each(t, func(name string, file *ast.File, test bool) {
		if test || strings.HasPrefix(name, "cmd/") || strings.HasPrefix(name, "internal/simulator/") || strings.HasPrefix(name, "bench/") {
			return
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if sel, ok := n.(*ast.SelectorExpr); ok {
				if x, ok := sel.X.(*ast.Ident); ok && x.Name == "time" && (sel.Sel.Name == "Now" || sel.Sel.Name == "Since" || sel.Sel.Name == "Until") {
					t.Errorf("%s calls time.%s; only cmd does", name, sel.Sel.Name)
				}
			}
			return true
		})
	})
}

func TestNoFileIsTooLong(t *testing.T) {
	each(t, func(name string, _ *ast.File, _ bool) {
		text, err := os.ReadFile(filepath.Join("..", name))
		if err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(string(text), "\n"); n > longest {
			t.Errorf("%s has %d lines; over %d it is rarely one idea", name, n, longest)
		}
	})
}

// each calls fn with every Go file of the module, by its path from the root.
func each(t *testing.T, fn func(name string, file *ast.File, test bool)) {
	t.Helper()
	files := 0
	err := filepath.WalkDir("..", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, _ := filepath.Rel("..", name)
		rel = filepath.ToSlash(rel)
		if d.IsDir() && (rel == "tools" || strings.HasPrefix(d.Name(), ".") && rel != "." || d.Name() == "node_modules" || d.Name() == "testdata") {
			return filepath.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(rel, ".go") {
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		files++
		fn(rel, file, strings.HasSuffix(rel, "_test.go"))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if files < 20 {
		t.Fatalf("only %d Go files found: is this the module's root?", files)
	}
}
