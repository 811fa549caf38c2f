package dataset

import (
	"encoding/json"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"exitplan/exporter"
	"exitplan/internal/genesys"
)

// definition is what the tests read of the public API definition.
type definition struct {
	Paths       map[string]map[string]operation `json:"paths"`
	Definitions map[string]schema               `json:"definitions"`
}

type operation struct {
	Parameters []struct {
		Name     string `json:"name"`
		In       string `json:"in"`
		Required bool   `json:"required"`
		Enum     []any  `json:"enum"`
		Schema   schema `json:"schema"`
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
	Required   []string          `json:"required"`
	Enum       []any             `json:"enum"`
	Items      *schema           `json:"items"`
}

func readDefinition(t *testing.T) *definition {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "..", "shared", "genesys-api", "definition.json"))
	if err != nil {
		t.Skip("without the public API definition nothing can be held against it: ", err)
	}
	d := new(definition)
	if err := json.Unmarshal(text, d); err != nil {
		t.Fatal(err)
	}
	return d
}

func (d *definition) resolve(s schema) schema {
	if s.Ref != "" {
		return d.Definitions[strings.TrimPrefix(s.Ref, "#/definitions/")]
	}
	return s
}

// find looks an operation up; {job} is a place of any name.
func (d *definition) find(method, path string) (operation, bool) {
	path, _, _ = strings.Cut(path, "?")
	for defined, ops := range d.Paths {
		if anyPlace.ReplaceAllString(defined, "{}") == anyPlace.ReplaceAllString(path, "{}") {
			if op, ok := ops[strings.ToLower(method)]; ok {
				return op, true
			}
		}
	}
	return operation{}, false
}

var anyPlace = regexp.MustCompile(`\{[^}]*\}`)

func (o operation) answer(d *definition) schema {
	for _, code := range []string{"200", "202", "201"} {
		if r, ok := o.Responses[code]; ok {
			return d.resolve(r.Schema)
		}
	}
	return schema{}
}

// Each declared dataset is what the public API definition says: its paths, its
// parameters, its way of paging, its array, its permissions.
func TestDeclaredDatasetsAreTrueToTheDefinition(t *testing.T) {
	d := readDefinition(t)
	for _, row := range declared() {
		t.Run(row.name, func(t *testing.T) {
			method, path := row.operation()
			first, ok := d.find(method, path)
			switch {
			case row.beyond != "" && ok:
				t.Fatalf("%s %s is in the definition after all", method, path)
			case row.beyond != "":
				return
			case !ok:
				t.Fatalf("%s %s is not in the definition", method, path)
			}
			ops, last := []operation{first}, first
			if row.job != nil {
				for _, path := range []string{row.job.status, row.path} {
					op, ok := d.find("GET", path)
					if !ok {
						t.Fatalf("GET %s is not in the definition", path)
					}
					ops, last = append(ops, op), op
				}
				d.job(t, row, first, ops[1])
			}
			d.query(t, row, last)
			d.body(t, row, first)
			d.array(t, row, last)
			need := map[string]bool{}
			for _, op := range ops {
				if len(op.Requires.Permissions) == 0 {
					continue
				}
				enough := false
				for _, p := range op.Requires.Permissions {
					need[p] = true
					enough = enough || slices.Contains(row.permissions, p)
					if op.Requires.Type == "ALL" && !slices.Contains(row.permissions, p) {
						t.Errorf("permission %s is needed", p)
					}
				}
				if !enough {
					t.Errorf("permissions %v: the definition asks for %s of %v", row.permissions, op.Requires.Type, op.Requires.Permissions)
				}
			}
			for _, p := range row.permissions {
				if !need[p] {
					t.Errorf("permission %s: the definition does not name it", p)
				}
			}
		})
	}
}

// query holds the parameters of a row against those of the operation that is paged.
func (d *definition) query(t *testing.T, row listing, op operation) {
	t.Helper()
	query, err := url.ParseQuery(row.query)
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{}
	for _, p := range op.Parameters {
		known[p.Name] = known[p.Name] || p.In == "query"
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
		genesys.Numbered: {"pageSize", "pageNumber"}, genesys.Cursor: {"cursor"}, genesys.NextURI: {"pageSize"},
	}[row.style]
	if row.sizeParam != "" {
		paging = append(paging, row.sizeParam)
	}
	for _, name := range paging {
		if !known[name] {
			t.Errorf("paged by %s, which is no parameter", name)
		}
	}
	if (row.style == genesys.Unpaged || row.style == genesys.Single) && (known["pageNumber"] || known["cursor"] || known["after"]) {
		t.Error("paged, and declared as unpaged")
	}
}

// body holds what is posted against the schema of the request.
func (d *definition) body(t *testing.T, row listing, op operation) {
	t.Helper()
	if row.body == "" {
		return
	}
	var want schema
	for _, p := range op.Parameters {
		if p.In == "body" {
			want = d.resolve(p.Schema)
		}
	}
	sent, err := ask{last: []string{"a"}, iv: exporter.Interval{To: time.Unix(0, 0)}}.bodyOf(row.body)
	if err != nil {
		t.Fatal(err)
	}
	fields, isObject := sent.(map[string]any)
	if isObject != (want.Type != "array") {
		t.Errorf("the body is %v, the definition wants %s", sent, want.Type)
	}
	paging := map[genesys.Style][]string{genesys.BodyAfter: {"pageSize", "after"}, genesys.BodyNumbered: {"pageSize", "pageNumber"}}[row.style]
	for name, value := range fields {
		property, ok := want.Properties[name]
		if !ok {
			t.Errorf("the body has no %s", name)
		}
		allowed := property.Enum
		if property.Items != nil {
			allowed = property.Items.Enum
		}
		values, isList := value.([]any)
		if !isList {
			values = []any{value}
		}
		for _, v := range values {
			if len(allowed) > 0 && !slices.Contains(allowed, v) {
				t.Errorf("%s: %v is none of %v", name, v, allowed)
			}
		}
	}
	for _, name := range want.Required {
		if _, ok := fields[name]; !ok && !slices.Contains(paging, name) {
			t.Errorf("the body lacks %s", name)
		}
	}
	for _, name := range paging {
		if _, ok := want.Properties[name]; !ok {
			t.Errorf("the body is not paged by %s", name)
		}
	}
}

// array holds the place of the records, and of URLs in them, against the answer.
func (d *definition) array(t *testing.T, row listing, op operation) {
	t.Helper()
	answer := op.answer(d)
	record := answer
	switch {
	case row.style == genesys.Single:
	case row.array == genesys.Bare:
		if answer.Type != "array" {
			t.Errorf("the answer is no array but %s", answer.Type)
			return
		}
		record = d.resolve(*answer.Items)
	default:
		steers := map[genesys.Style][]string{
			genesys.Numbered: {"nextUri", "pageCount", "total"}, genesys.Cursor: {"cursor", "cursors"}, genesys.NextURI: {"nextUri"}, genesys.BodyAfter: {"after"},
		}[row.style]
		if len(steers) > 0 && !slices.ContainsFunc(steers, func(name string) bool { _, ok := answer.Properties[name]; return ok }) {
			t.Errorf("the answer has none of %v, by which it would go on", steers)
		}
		name := row.array
		if name == "" {
			name = "entities"
		}
		if answer.Properties[name].Type != "array" {
			t.Errorf("the answer has no array of %s", name)
			return
		}
		record = d.resolve(*answer.Properties[name].Items)
	}
	if row.file == nil {
		return
	}
	for _, place := range row.file.urls {
		at := record
		for name := range strings.SplitSeq(place, "/") {
			if name == "*" {
				break // names that the definition does not tell
			}
			at = at.Properties[name]
			if at.Items != nil {
				at = *at.Items
			}
			if at = d.resolve(at); at.Type == "" {
				t.Errorf("a record has no %s", place)
				break
			}
		}
	}
}

// job holds the states of a job against those that the definition knows.
func (d *definition) job(t *testing.T, row listing, submit, status operation) {
	t.Helper()
	j := row.job
	if j.id != "" && submit.answer(d).Properties[j.id].Type != "string" {
		t.Errorf("the answer to the POST has no %s", j.id)
	}
	for _, field := range []string{j.state, j.fresh} {
		if field != "" && status.answer(d).Properties[field].Type != "string" {
			t.Errorf("the status has no %s", field)
		}
	}
	for state := range strings.FieldsSeq(j.done + " " + j.partly + " " + j.failed) {
		if enum := status.answer(d).Properties[j.state].Enum; len(enum) > 0 && !slices.Contains(enum, any(state)) {
			t.Errorf("there is no state %s in %v", state, enum)
		}
	}
}

// Aggregates ask for every metric that the definition knows, and nothing else.
func TestAggregatesAskForAllMetrics(t *testing.T) {
	d := readDefinition(t)
	known := map[string]bool{}
	for _, a := range aggregates {
		known[a.listing().path] = true
		op, _ := d.find("POST", a.listing().path)
		for _, p := range op.Parameters {
			if p.In != "body" {
				continue
			}
			metrics := d.resolve(p.Schema).Properties["metrics"].Items.Enum
			if a.sdk != (len(metrics) == 0) {
				t.Errorf("%s: the definition names the metrics %v", a.of, metrics)
			}
			for _, m := range metrics {
				if !slices.Contains(strings.Fields(a.metrics), m.(string)) {
					t.Errorf("%s lacks %s", a.of, m)
				}
			}
		}
	}
	for path := range d.Paths {
		if strings.HasSuffix(path, "/aggregates/query") && strings.HasPrefix(path, "/api/v2/analytics/") && !known[path] {
			t.Errorf("%s is asked for nothing", path)
		}
	}
}

// The table is sound in itself: names are told apart, parents stand before
// their children, and each place in a path is filled.
func TestDeclaredDatasetsFitTogether(t *testing.T) {
	depth := map[string]int{}
	for _, row := range declared() {
		if _, twice := depth[row.name]; twice {
			t.Errorf("%s is there twice", row.name)
		}
		_, path := row.operation()
		places := strings.Count(path, "{") + strings.Count(row.query+row.body, "{id}") + min(row.bulk, 1)
		if row.among != nil { // the ids of conversations, and those below them
			depth[row.name] = places + 1
			continue
		}
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
		if row.job != nil || row.bulk > 0 {
			continue
		}
		ids := []string{"a/1", "b 2", "c?3"}[3-above:]
		l, err := row.request(ask{parent: ids})
		if err != nil {
			t.Fatal(err)
		}
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

// What the list of features says must be in the catalogue.
func TestFeaturesAreInTheCatalogue(t *testing.T) {
	for _, f := range Features {
		for _, name := range f.Datasets {
			if ClassOf(name) == "" {
				t.Errorf("%s: %s is not in the catalogue", f.Name, name)
			}
		}
		if len(f.Datasets) == 0 {
			t.Errorf("%s is neither exported nor said not to be", f.Name)
		}
	}
}
