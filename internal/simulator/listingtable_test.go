package simulator

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"slices"
	"strings"
	"testing"
)

// The table says what the definition says.
func TestTableIsAsDefined(t *testing.T) {
	raw, err := os.ReadFile("../../../shared/genesys-api/definition.json")
	if errors.Is(err, fs.ErrNotExist) {
		t.Skip("the table of listings is not compared with the API definition: ../shared/genesys-api/definition.json is absent")
	} else if err != nil {
		t.Fatal(err)
	}
	type schema struct {
		Ref   string `json:"$ref"`
		Type  string
		Items *struct {
			Ref string `json:"$ref"`
		}
		Properties map[string]struct {
			Items *struct {
				Ref string `json:"$ref"`
			}
		}
	}
	var doc struct {
		Paths map[string]map[string]struct {
			Parameters []struct {
				Name, In string
				Required bool
				Default  any
			}
			Responses map[string]struct{ Schema schema }
			Needs     struct {
				Type        string
				Permissions []string
			} `json:"x-inin-requires-permissions"`
		}
		Definitions map[string]schema
	}
	if err := json.Unmarshal(raw, &doc); err != nil {
		t.Fatal(err)
	}
	cat, err := newCatalogue(testOrg(t, Config{}))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range cat.all {
		op, ok := doc.Paths[c.pattern][strings.ToLower(c.method())]
		if ok == c.beyond {
			t.Errorf("%s: defined %v, and in the table beyond the definition: %v", c.pattern, ok, c.beyond)
		}
		if !ok {
			continue
		}
		if op.Needs.Type == "ALL" && len(op.Needs.Permissions) > 1 {
			t.Errorf("%s needs all of %v", c.path, op.Needs.Permissions)
		}
		if got := strings.Fields(c.needs); !slices.Equal(got, op.Needs.Permissions) {
			t.Errorf("%s: permissions %v, defined %v", c.path, got, op.Needs.Permissions)
		}
		known := map[string]any{}
		required := ""
		for _, p := range op.Parameters {
			if p.In == "query" {
				known[p.Name] = p.Default
				if p.Required {
					required = p.Name
				}
			}
		}
		if required != c.query {
			t.Errorf("%s: query %q, defined %q", c.path, c.query, required)
		}
		paging := pagingParameters[c.style]
		if c.style == posted {
			paging = [2]string{}
		}
		for _, name := range []string{paging[0], paging[1], c.query, c.hiding.parameter, c.brief} {
			if _, ok := known[name]; name != "" && !ok {
				t.Errorf("%s: has no parameter %s", c.path, name)
			}
		}
		if size, ok := known[paging[0]].(float64); ok && int(size) != c.size {
			t.Errorf("%s: page size %d, defined %v", c.path, c.size, size)
		}
		if paging[0] == "" && (known["pageSize"] != nil || known["limit"] != nil || known["count"] != nil) {
			t.Errorf("%s is paged", c.path)
		}
		answer := op.Responses["200"].Schema
		for answer.Ref != "" {
			answer = doc.Definitions[strings.TrimPrefix(answer.Ref, "#/definitions/")]
		}
		items := answer.Items
		if c.style == single {
			model, _, _ := strings.Cut(c.model, "/")
			ref := op.Responses["200"].Schema.Ref
			if ref != "#/definitions/"+model && (ref != "" || answer.Type != "object") { // of some objects it says no more
				t.Errorf("%s: is %q, not %s", c.path, ref, c.model)
			}
			continue
		}
		if c.style != array {
			items = answer.Properties[c.arrayName()].Items
			for _, name := range strings.Fields(c.members) {
				if _, ok := answer.Properties[name]; !ok {
					t.Errorf("%s: the answer has no %s", c.path, name)
				}
			}
		}
		model, _, _ := strings.Cut(c.model, "/")
		if items == nil || c.model != "" && items.Ref != "#/definitions/"+model {
			t.Errorf("%s: holds %v, not %s", c.path, items, c.model)
		}
	}
}

// Ids must not change between versions, and rows are made without garbage, so
// that a listing of any size costs the same.
func TestEntities(t *testing.T) {
	cat, err := newCatalogue(testOrg(t, Config{Seed: 42}))
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{"users": "6265fe8c-c228-4030-8088-4bfe6f2ec72e", "routing/skills": "4683f9e0-8243-4341-aaf8-af89edda6d8b"} {
		c := cat.byPath[path]
		id := cat.id(c, 3).String()
		if id != want {
			t.Errorf("%s: %s, want %s", path, id, want)
		}
		if ordinal, ok := cat.find(c, id); !ok || ordinal != 3 {
			t.Errorf("%s: %s is found as %d, %v", path, id, ordinal, ok)
		}
	}
	b := make([]byte, 0, 64<<10)
	for _, c := range cat.all {
		if n := testing.AllocsPerRun(10, func() { b = cat.appendEntity(b[:0], c, 0, 0, shape{whole: true}) }); n > 0 {
			t.Errorf("%s: %v allocations for a row", c.path, n)
		}
	}
}
