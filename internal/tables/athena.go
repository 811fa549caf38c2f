package tables

import (
	_ "embed"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"
	"text/template"
	"time"
)

//go:embed athena.sql.tmpl
var athenaText string

var athenaTemplate = template.Must(template.New("").Funcs(template.FuncMap{
	"ddl": ddlText, "columns": athenaColumns, "parquet": athenaParquet, "members": athenaMembers,
}).Parse(athenaText))

// anywhere stands for the bucket of an export that lies in none.
const anywhere = "s3://BUCKET/PREFIX"

// Athena writes the statements that make a table of each dataset. Partitions
// are projected from the paths, so that none has to be added.
func (e Export) Athena(w io.Writer) error {
	places := e.places()
	filled := strings.HasPrefix(e.URL, "s3://")
	root := anywhere
	if filled {
		root = strings.TrimRight(e.URL, "/")
	}
	return athenaTemplate.Execute(w, athena{
		Filled: filled, Conversation: conversation, Sidecar: recordingMetadata, Levels: namedLevels(),
		Details: find(places, Details), Parquet: find(places, ParquetFolder), Recordings: find(places, Recordings),
		Lists: listed(places), Families: families(places), Aggregates: find(places, AggregatesFolder),
		Dimensions: dimensions, Name: valueName, Statistics: statistics, Value: aggregate, root: root, from: e.From, to: e.To,
	})
}

// athena is what the template is filled with.
type athena struct {
	Filled                       bool
	Conversation, Sidecar        []column
	Levels                       []level
	Details, Parquet, Recordings *place
	Aggregates                   *place
	Lists, Families              []place
	Dimensions, Name, Statistics []column
	Value                        []column // of aggregates

	root     string
	from, to time.Time
}

// ByFamily says that the files lie in a folder for each family of aggregates,
// which is a partition too.
func (p place) ByFamily() bool { return p.Dataset == AggregatesFolder }

// Keys are the partitions of a dataset's tables by time: those of its paths, and those
// that only its bags' names tell.
func (p place) Keys() []string {
	return append(slices.Clone(p.keys), slices.DeleteFunc(slices.Clone(p.period), func(key string) bool {
		return slices.Contains(p.keys, key)
	})...)
}

// site is where the files of a table lie.
type site struct {
	place
	Location   string
	Properties []string
}

// Site says where a dataset's files lie; table is one of several, or empty.
func (a athena) Site(p *place, table string) site {
	s := site{place: *p}
	// A bag's name goes on with its period as the template of RFC 3339 does.
	bag := p.group
	for i, key := range p.period {
		bag += []string{"-", "-", "-", "T"}[i] + "${" + key + "}"
	}
	below := path.Join("data", p.Dataset, table)
	if len(p.Keys()) == 0 {
		s.Location = a.root + "/" + path.Join("bags", bag, below) + "/"
		return s
	}
	s.Location = a.root + "/bags/"
	property := func(name, value string) {
		s.Properties = append(s.Properties, ddlText(name)+" = "+ddlText(value))
	}
	set := func(key, name, value string) { property("projection."+key+"."+name, value) }
	property("projection.enabled", "true")
	if p.ByFamily() {
		var names []string
		for _, f := range a.Families {
			names = append(names, f.Family())
		}
		below = path.Join(below, "${family}")
		set("family", "type", "enum")
		set("family", "values", strings.Join(names, ","))
	}
	for _, key := range p.Keys() {
		set(key, "type", "integer")
		switch key {
		case "year":
			set(key, "range", fmt.Sprintf("%d,%d", a.from.UTC().Year(), a.to.UTC().Add(-time.Nanosecond).Year()))
			continue
		case "month":
			set(key, "range", "1,12")
		case "day":
			set(key, "range", "1,31")
		case "hour":
			set(key, "range", "0,23")
		}
		set(key, "digits", "2")
	}
	for _, key := range p.keys {
		below += "/" + key + "=${" + key + "}"
	}
	property("storage.location.template", a.root+"/bags/"+bag+"/"+below+"/")
	return s
}

// ddlText is a string in Athena's definitions, which follow Hive.
func ddlText(s string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, "'", `\'`).Replace(s) + "'"
}

// athenaColumns declares the columns of records in JSON.
func athenaColumns(columns []column) string {
	lines := make([]string, len(columns))
	for i, c := range columns {
		lines[i] = fmt.Sprintf("  `%s` %s", strings.ToLower(c.name), athenaType(c))
	}
	return strings.Join(lines, ",\n")
}

// athenaType is the type of a member in JSON. Times stay text there, since
// Athena does not take them as the API writes them: from_iso8601_timestamp.
func athenaType(c column) string {
	switch c.kind {
	case flag:
		return "boolean"
	case whole:
		return "bigint"
	case number:
		return "double"
	case texts:
		return "array<string>"
	case wholes:
		return "array<bigint>"
	case object:
		return athenaStruct(c.of)
	case objects:
		return "array<" + athenaStruct(c.of) + ">"
	}
	return "string"
}

func athenaStruct(columns []column) string {
	members := make([]string, len(columns))
	for i, c := range columns {
		members[i] = strings.ToLower(c.name) + ":" + athenaType(c)
	}
	return "struct<" + strings.Join(members, ",") + ">"
}

// athenaParquet declares the columns of Parquet, where what has members is JSON
// as text.
func athenaParquet(columns []column, but ...string) string {
	var lines []string
	for _, c := range columns {
		if slices.Contains(but, c.name) {
			continue
		}
		kind := athenaType(c)
		switch c.kind {
		case instant:
			kind = "timestamp"
		case object, objects:
			kind = "string"
		}
		lines = append(lines, fmt.Sprintf("  `%s` %s", strings.ToLower(c.name), kind))
	}
	return strings.Join(lines, ",\n")
}

// athenaMembers selects the members of a JSON object, at a path in another, as
// columns.
func athenaMembers(of, at string, columns []column) string {
	list := make([]string, len(columns))
	for i, c := range columns {
		list[i] = fmt.Sprintf("json_extract_scalar(%s, '%s.%s')", of, at, c.name)
		switch c.kind {
		case whole:
			list[i] = "TRY_CAST(" + list[i] + " AS bigint)"
		case number:
			list[i] = "TRY_CAST(" + list[i] + " AS double)"
		}
		list[i] += fmt.Sprintf(` AS "%s"`, strings.ToLower(c.name))
	}
	return strings.Join(list, ",\n  ")
}
