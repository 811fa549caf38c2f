package tables

import (
	_ "embed"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/template"
)

//go:embed duckdb.sql.tmpl
var duckdbText string

var duckdbTemplate = template.Must(template.New("").Funcs(template.FuncMap{"text": sqlText}).Parse(duckdbText))

// DuckDB writes a script that makes a view of each dataset that is stored in
// lines, and of the levels of a conversation, and counts their rows. It reads
// only what is there, since DuckDB refuses a pattern that matches no file.
func (e Export) DuckDB(w io.Writer) error {
	places := e.places()
	return duckdbTemplate.Execute(w, map[string]any{
		"Details": find(places, Details), "Recordings": find(places, Recordings), "Parquet": find(places, ParquetFolder),
		"Families": families(places), "Aggregates": find(places, AggregatesFolder),
		"Dimensions": duckdbShape(dimensions), "Value": duckdbShape(valueName), "Statistics": duckdbShape(statistics),
		"Lists": listed(places), "Levels": namedLevels(),
		"Sidecar": duckdbShape(recordingMetadata), "Beside": names(recordingMetadata, "id", "conversationId"),
		"Counts": counted(places),
	})
}

// level is a table of a conversation as the templates have it.
type level struct {
	Name, Parent string
	Up           []string
	ID           string // the column by which the next level joins
	Shape        string
	Columns      []column // of its Parquet
}

func namedLevels() []level {
	list := make([]level, len(levels))
	for i, t := range levels {
		l := level{Name: t.name, Up: t.up, Shape: duckdbShape(t.own()), Columns: t.flat()}
		if i > 0 {
			l.Parent = levels[i-1].name
		}
		if i+1 < len(levels) {
			l.ID = levels[i+1].up[i]
		}
		list[i] = l
	}
	return list
}

// count is a line of what the script counts.
type count struct{ Dataset, View string }

func counted(places []place) (list []count) {
	if len(families(places)) > 0 {
		list = append(list, count{Aggregates, "aggregates"})
	}
	for _, p := range places {
		switch p.Dataset {
		case Details:
			list = append(list, count{Details, "conversations_json"})
			for _, t := range levels[1:] {
				list = append(list, count{Details + "/" + t.name, t.name + "_json"})
			}
		case AggregatesFolder:
			list = append(list, count{AggregatesFolder, "aggregates_parquet"})
		case ParquetFolder:
			for _, t := range levels {
				list = append(list, count{ParquetFolder + "/" + t.name, t.name + "_parquet"})
			}
		default:
			list = append(list, count{p.Dataset, p.Ident()})
		}
	}
	return list
}

// sqlText is a string in SQL.
func sqlText(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

// names are the columns' names, but for some.
func names(columns []column, but ...string) (list []string) {
	for _, c := range columns {
		if !slices.Contains(but, c.name) {
			list = append(list, c.name)
		}
	}
	return list
}

// duckdbShape is what json_transform makes of a record: what does not fit is
// NULL. What is a table of its own, or has members, stays JSON.
func duckdbShape(columns []column) string {
	members := make([]string, len(columns))
	for i, c := range columns {
		members[i] = fmt.Sprintf("%q: %s", c.name, duckdbType(c.kind))
	}
	return "'{" + strings.Join(members, ", ") + "}'"
}

func duckdbType(k kind) string {
	switch k {
	case flag:
		return `"BOOLEAN"`
	case whole:
		return `"BIGINT"`
	case number:
		return `"DOUBLE"`
	case instant:
		return `"TIMESTAMPTZ"`
	case texts:
		return `["VARCHAR"]`
	case wholes:
		return `["BIGINT"]`
	case object, objects, raw:
		return `"JSON"`
	}
	return `"VARCHAR"`
}
