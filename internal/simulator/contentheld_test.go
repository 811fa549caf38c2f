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

// What content takes by way of permissions and parameters is the definition's.
func TestContentIsAsDefined(t *testing.T) {
	raw, err := os.ReadFile("../../../shared/genesys-api/definition.json")
	if errors.Is(err, fs.ErrNotExist) {
		t.Skip("content is not compared with the API definition: ../shared/genesys-api/definition.json is absent")
	} else if err != nil {
		t.Fatal(err)
	}
	type operation struct {
		Parameters []struct{ Name, In string }
		Needs      struct {
			Type        string
			Permissions []string
		} `json:"x-inin-requires-permissions"`
	}
	var doc struct {
		Paths map[string]map[string]operation
	}
	if err := json.Unmarshal(raw, &doc); err != nil {
		t.Fatal(err)
	}
	all := map[string][]string{} // operations that need all of several
	for _, b := range belongings {
		op := doc.Paths[apiBase+b.path]["get"]
		if b.all {
			all[apiBase+b.path] = strings.Fields(b.needs)
		}
		for name := range strings.FieldsSeq(b.takes) {
			if !slices.ContainsFunc(op.Parameters, func(p struct{ Name, In string }) bool { return p.In == "query" && p.Name == name }) {
				t.Errorf("%s has no parameter %s", b.path, name)
			}
		}
	}
	s := &Server{}
	for _, route := range s.contentRoutes() {
		method, path, _ := strings.Cut(route.pattern, " ")
		op, ok := doc.Paths[path][strings.ToLower(method)]
		needs := route.permissions
		if all[path] != nil {
			needs = all[path]
		}
		if !ok || !slices.Equal(needs, op.Needs.Permissions) || (op.Needs.Type == "ALL" && len(needs) > 1) != (all[path] != nil) {
			t.Errorf("%s needs %v; defined %v: %+v", route.pattern, needs, ok, op.Needs)
		}
	}
}
