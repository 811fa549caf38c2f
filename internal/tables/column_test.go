package tables

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// definition is what the test reads of a record of the API definition.
type definition struct {
	Properties map[string]property `json:"properties"`
}

type property struct {
	Type   string    `json:"type"`
	Format string    `json:"format"`
	Ref    string    `json:"$ref"`
	Items  *property `json:"items"`
}

// kind is what a column of such a property holds; raw would do for any object.
func (p property) kind() kind {
	switch {
	case p.Ref != "":
		return object
	case p.Type == "array" && p.Items.Ref != "":
		return objects
	case p.Type == "array" && p.Items.Type == "string":
		return texts
	case p.Type == "array":
		return wholes
	case p.Type == "boolean":
		return flag
	case p.Type == "integer":
		return whole
	case p.Type == "number":
		return number
	case p.Format == "date-time":
		return instant
	case p.Type == "string":
		return text
	}
	return raw
}

// The columns are what the public API definition says: all of its members, and
// no others, each of its kind, at every depth.
func TestColumnsAreTrueToTheDefinition(t *testing.T) {
	file, err := os.ReadFile(filepath.Join("..", "..", "..", "shared", "genesys-api", "definition.json"))
	if err != nil {
		t.Skip("without the public API definition nothing can be held against it: ", err)
	}
	var api struct {
		Definitions map[string]definition `json:"definitions"`
	}
	if err := json.Unmarshal(file, &api); err != nil {
		t.Fatal(err)
	}
	const prefix = "#/definitions/"
	var hold func(name string, columns []column)
	hold = func(name string, columns []column) {
		record, ok := api.Definitions[name]
		if !ok {
			t.Fatalf("the definition has no %s", name)
		}
		seen := map[string]bool{}
		for _, c := range columns {
			p, known := record.Properties[c.name]
			if !known || seen[c.name] {
				t.Errorf("%s.%s is not in the definition, or twice in the table", name, c.name)
				continue
			}
			seen[c.name] = true
			want := p.kind()
			if c.kind != want && (c.kind != raw || want != object && want != objects) {
				t.Errorf("%s.%s is of kind %d, the definition says %d", name, c.name, c.kind, want)
				continue
			}
			switch c.kind {
			case object:
				hold(p.Ref[len(prefix):], c.of)
			case objects:
				hold(p.Items.Ref[len(prefix):], c.of)
			}
		}
		for member := range record.Properties {
			if !seen[member] {
				t.Errorf("%s.%s has no column", name, member)
			}
		}
	}
	hold("AnalyticsConversation", conversation)
	hold("RecordingMetadata", recordingMetadata)
	hold("AggregateMetricData", append(slices.Clone(valueName), one("stats", statistics)...))
}
