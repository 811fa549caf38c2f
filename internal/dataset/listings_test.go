package dataset

import (
	"encoding/json"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"exitplan/internal/genesys"
)

// operation is what the test reads of an operation of the API definition.
type operation struct {
	Parameters []struct {
		Name     string `json:"name"`
		In       string `json:"in"`
		Required bool   `json:"required"`
		Enum     []any  `json:"enum"`
	} `json:"parameters"`
	Responses map[string]struct {
		Schema schema `json:"schema"`
	} `json:"responses"`
	Requires struct {
		Type        string   `json:"type"`
		Permissions []string `json:"permissions"`
	} `json:"x-inin-requires-permissions"`
}

type schema struct {
	Ref        string            `json:"$ref"`
	Type       string            `json:"type"`
	Properties map[string]schema `json:"properties"`
}

// Each declared listing is what the public API definition says: its path, its
// parameters, its way of paging, its array, its permissions.
func TestListingsAreTrueToTheDefinition(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "..", "shared", "genesys-api", "definition.json"))
	if err != nil {
		t.Skip("without the public API definition nothing can be held against it: ", err)
	}
	var definition struct {
		Paths       map[string]map[string]operation `json:"paths"`
		Definitions map[string]schema               `json:"definitions"`
	}
	if err := json.Unmarshal(text, &definition); err != nil {
		t.Fatal(err)
	}
	for _, row := range listings {
		t.Run(row.name, func(t *testing.T) {
			op, ok := definition.Paths[row.path]["get"]
			if !ok {
				t.Fatalf("GET %s is not in the definition", row.path)
			}
			query, err := url.ParseQuery(row.query)
			if err != nil {
				t.Fatal(err)
			}
			known := map[string]bool{}
			for _, p := range op.Parameters {
				known[p.Name] = p.In == "query"
				value := query.Get(p.Name)
				if p.In == "query" && p.Required && value == "" {
					t.Errorf("the required parameter %s is not given", p.Name)
				}
				if len(p.Enum) > 0 && value != "" && !slices.ContainsFunc(p.Enum, func(e any) bool { return e == value }) {
					t.Errorf("%s=%s: the definition allows %v", p.Name, value, p.Enum)
				}
			}
			for name := range query {
				if !known[name] {
					t.Errorf("there is no parameter %s", name)
				}
			}
			paging := map[genesys.Style][]string{
				genesys.Numbered: {"pageSize", "pageNumber"}, genesys.Cursor: {"cursor"}, genesys.NextURI: {"pageSize"}, genesys.Unpaged: nil,
			}[row.style]
			if row.sizeParam != "" {
				paging = append(paging, row.sizeParam)
			}
			for _, name := range paging {
				if !known[name] {
					t.Errorf("paged by %s, which is no parameter", name)
				}
			}
			if row.style == genesys.Unpaged && (known["pageNumber"] || known["cursor"] || known["after"]) {
				t.Error("paged, and declared as unpaged")
			}
			answer := op.Responses["200"].Schema
			if answer.Ref != "" {
				answer = definition.Definitions[strings.TrimPrefix(answer.Ref, "#/definitions/")]
			}
			switch row.array {
			case genesys.Bare:
				if answer.Type != "array" {
					t.Errorf("the answer is no array but %s", answer.Type)
				}
			case "":
				if answer.Properties["entities"].Type != "array" {
					t.Error("the answer has no array of entities")
				}
			}
			need := op.Requires.Permissions
			for _, p := range row.permissions {
				if !slices.Contains(need, p) {
					t.Errorf("permission %s: the definition names %v", p, need)
				}
			}
			if enough := op.Requires.Type == "ANY" && len(row.permissions) > 0 || len(row.permissions) == len(need); !enough {
				t.Errorf("permissions %v: the definition asks for %s of %v", row.permissions, op.Requires.Type, need)
			}
		})
	}
}

// The table is sound in itself: names are told apart, parents stand before
// their children, and each place in a path is filled.
func TestListingsFitTogether(t *testing.T) {
	depth := map[string]int{}
	for _, row := range listings {
		if _, twice := depth[row.name]; twice {
			t.Errorf("%s is there twice", row.name)
		}
		places := strings.Count(row.path, "{") + strings.Count(row.query, "{id}")
		if row.parent == "" {
			depth[row.name] = 1
			if places > 0 {
				t.Errorf("%s has no parent to fill %s?%s", row.name, row.path, row.query)
			}
			continue
		}
		above, ok := depth[row.parent]
		if !ok {
			t.Errorf("%s stands before its parent %s", row.name, row.parent)
		}
		depth[row.name] = above + 1
		if places == 0 || places > above {
			t.Errorf("%s: %d places to fill with %d ids", row.name, places, above)
		}
		ids := []string{"a/1", "b 2", "c?3"}[3-above:]
		l := (&Listing{listing: row}).request(ids)
		if strings.ContainsAny(l.Path, "{} ?") || !strings.Contains(l.Path+l.Query.Encode(), url.QueryEscape(ids[above-1])) && !strings.Contains(l.Path, url.PathEscape(ids[above-1])) {
			t.Errorf("%s: asked at %s?%s", row.name, l.Path, l.Query.Encode())
		}
	}
}

// What class a name has must not hang on how it is looked up.
func TestClassesAreThoseOfTheCatalogue(t *testing.T) {
	for _, info := range Catalogue() {
		if got := ClassOf(info.Name); got != info.Class {
			t.Errorf("%s: class %q, the catalogue says %q", info.Name, got, info.Class)
		}
	}
	if got := ClassOf("nonsense"); got != "" {
		t.Errorf("nonsense has class %q", got)
	}
}
