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

// undefined are the families that the definition names no metrics for.
var undefined = []string{"copilots", "casemanagement", "agentutilizations"}

// Dimensions, metrics and permissions are the definition's, and every dimension
// of which the tables of values speak is one.
func TestFamiliesAreAsDefined(t *testing.T) {
	raw, err := os.ReadFile("../../../shared/genesys-api/definition.json")
	if errors.Is(err, fs.ErrNotExist) {
		t.Skip("families of aggregates are not compared with the API definition: ../shared/genesys-api/definition.json is absent")
	} else if err != nil {
		t.Fatal(err)
	}
	var doc struct {
		Paths map[string]map[string]struct {
			Parameters []struct {
				Schema struct {
					Ref string `json:"$ref"`
				}
			}
			Needs struct{ Permissions []string } `json:"x-inin-requires-permissions"`
		}
		Definitions map[string]struct {
			Properties map[string]struct{ Items struct{ Enum []string } }
		}
	}
	if err := json.Unmarshal(raw, &doc); err != nil {
		t.Fatal(err)
	}
	defined := map[string]bool{}
	for pattern := range doc.Paths {
		if strings.HasSuffix(pattern, "/aggregates/query") && strings.HasPrefix(pattern, "/api/v2/analytics/") {
			defined[pattern] = true
		}
	}
	known := map[string]bool{}
	for _, f := range families {
		delete(defined, f.pattern())
		for _, name := range f.dimensions {
			known[name] = true
		}
		op := doc.Paths[f.pattern()]["post"]
		if !slices.Equal(f.needs, op.Needs.Permissions) {
			t.Errorf("%s: permissions %v, defined %v", f.name, f.needs, op.Needs.Permissions)
		}
		query := doc.Definitions[strings.TrimPrefix(op.Parameters[0].Schema.Ref, "#/definitions/")].Properties
		if slices.Contains(undefined, f.name) {
			if len(query["metrics"].Items.Enum) > 0 {
				t.Errorf("%s: the definition has its metrics now", f.name)
			}
			continue
		}
		if !slices.Equal(f.dimensions, query["groupBy"].Items.Enum) || !slices.Equal(f.metrics, query["metrics"].Items.Enum) {
			t.Errorf("%s: dimensions or metrics are not those defined", f.name)
		}
	}
	if len(defined) > 0 {
		t.Errorf("no family for %v", defined)
	}
	for name := range dimensionListings {
		if !known[name] {
			t.Errorf("no family has the dimension %s", name)
		}
	}
	for name := range dimensionWords {
		if !known[name] || dimensionListings[name] != "" {
			t.Errorf("no family has the dimension %s, or it has two meanings", name)
		}
	}
}
