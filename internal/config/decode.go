package config

import (
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"go.yaml.in/yaml/v3"
)

// decoder sets keys of a document from YAML nodes, one layer after another.
type decoder struct {
	problems
	keys []key
	name string // of the file that was read, or ""
	// where describes a line of the layer that is being read.
	where func(line int) string
}

// file reads a whole exitplan.yaml into the document. Where it is no
// configuration at all, it says so and reads nothing.
func (d *decoder) file(name string, text io.Reader, doc, def *document) (ok bool) {
	d.where = func(line int) string { return fmt.Sprintf("%s line %d", name, line) }
	dec := yaml.NewDecoder(text)
	var root, more yaml.Node
	switch err := dec.Decode(&root); {
	case errors.Is(err, io.EOF):
		return true
	case err != nil:
		d.add(name, "is not YAML: %s", yamlError(err))
		return false
	}
	if err := dec.Decode(&more); err == nil {
		d.add(name, "holds more than one document; remove everything from the line --- on")
		return false
	} else if !errors.Is(err, io.EOF) {
		d.add(name, "is not YAML: %s", yamlError(err))
		return false
	}
	top := root.Content[0]
	if empty := top.Kind == yaml.ScalarNode && top.Tag == "!!null"; top.Kind != yaml.MappingNode && !empty {
		d.add(name, "must be keys and values, not %s", describe(top))
		return false
	}
	d.decode(top, reflect.ValueOf(doc).Elem(), reflect.ValueOf(def).Elem(), "")
	return true
}

// text sets one key from the text of a variable or flag. Lists and objects
// are YAML or JSON; a list of words may also be separated by commas.
func (d *decoder) text(k key, text, from string) {
	d.where = func(int) string { return from }
	d.from[k.path] = from
	node := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: text}
	kind := k.value.Kind()
	words := kind == reflect.Slice && k.value.Type().Elem().Kind() == reflect.String
	if trimmed := strings.TrimSpace(text); kind == reflect.Struct || (kind == reflect.Slice && !words) ||
		(words && (strings.HasPrefix(trimmed, "[") || strings.HasPrefix(trimmed, "- "))) {
		var root yaml.Node
		if err := yaml.Unmarshal([]byte(text), &root); err != nil {
			d.add(k.path, "is neither YAML nor JSON: %s", yamlError(err))
			return
		}
		if len(root.Content) == 0 { // nothing but blanks or comments
			k.value.Set(k.def)
			return
		}
		node = root.Content[0]
	}
	d.decode(node, k.value, k.def, k.path)
}

// decode sets v from a node. An absent or empty value means the default.
func (d *decoder) decode(n *yaml.Node, v, def reflect.Value, path string) {
	d.from[path] = d.where(n.Line)
	if n.Kind == yaml.AliasNode {
		d.add(path, "aliases (*%s) are not supported; write the value out, in quotes if it begins with *", n.Value)
		return
	}
	if n.Kind == yaml.ScalarNode && n.Tag == "!!null" {
		v.Set(def)
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		d.object(n, v, def, path)
	case reflect.Slice:
		d.list(n, v, def, path)
	default:
		d.scalar(n, v, def, path)
	}
}

func (d *decoder) object(n *yaml.Node, v, def reflect.Value, path string) {
	if n.Kind != yaml.MappingNode {
		d.add(orFile(path), "must be keys and values, not %s", describe(n))
		return
	}
	names := make([]string, v.NumField())
	for i := range names {
		names[i] = tagOf(v.Type().Field(i))
	}
	seen := map[string]int{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		name, value := n.Content[i], n.Content[i+1]
		full := join(path, name.Value)
		field := slices.Index(names, name.Value)
		switch line, twice := seen[name.Value]; {
		case name.Kind != yaml.ScalarNode:
			d.from[path] = d.where(name.Line)
			d.add(orFile(path), "a key must be a word, not %s", describe(name))
		case field < 0:
			d.from[full] = d.where(name.Line)
			d.unknown(full, path, name.Value, names)
		case twice:
			d.add(full, "is set twice, first on line %d; remove one", line)
		default:
			seen[name.Value] = name.Line
			d.decode(value, v.Field(field), def.Field(field), full)
		}
	}
}

// unknown reports a key that does not exist, with the one that was meant.
func (d *decoder) unknown(full, section, name string, siblings []string) {
	if name == "client_secret" && slices.Contains(siblings, "client_secret_file") {
		d.misnamed(full, join(section, "client_secret_file"), "a secret does not belong here, where copies and backups take it along; "+
			"remove it and set client_secret_file, or EXITPLAN_SOURCE_CLIENT_SECRET for the first client")
		return
	}
	if name == "<<" {
		d.add(full, "merge keys are not supported; write the keys out")
		return
	}
	meant := ""
	if sibling := nearest(name, siblings); sibling != "" {
		meant = join(section, sibling)
	} else if i := slices.IndexFunc(d.keys, func(k key) bool { // right name, wrong section
		return k.path == name || strings.HasSuffix(k.path, "."+name)
	}); i >= 0 {
		meant = d.keys[i].path
	}
	if meant != "" {
		d.misnamed(full, meant, "unknown key; did you mean %s?", meant)
		return
	}
	d.add(full, "unknown key; valid here: %s", strings.Join(siblings, ", "))
}

func (d *decoder) list(n *yaml.Node, v, def reflect.Value, path string) {
	words := v.Type().Elem().Kind() == reflect.String
	if words && n.Kind == yaml.ScalarNode {
		items := strings.FieldsFunc(n.Value, func(r rune) bool { return r == ',' || unicode.IsSpace(r) })
		if len(items) == 0 {
			v.Set(def)
			return
		}
		v.Set(reflect.ValueOf(items))
		return
	}
	if n.Kind != yaml.SequenceNode {
		d.add(path, "must be a list such as [a, b], not %s", describe(n))
		return
	}
	items := reflect.MakeSlice(v.Type(), len(n.Content), len(n.Content))
	none := reflect.Zero(v.Type().Elem())
	for i, item := range n.Content {
		d.decode(item, items.Index(i), none, fmt.Sprintf("%s[%d]", path, i))
	}
	if len(n.Content) == 0 {
		items = def
	}
	v.Set(items)
}

func (d *decoder) scalar(n *yaml.Node, v, def reflect.Value, path string) {
	if n.Kind != yaml.ScalarNode {
		d.add(path, "must be a single value, not %s", describe(n))
		return
	}
	if n.Value == "" {
		v.Set(def)
		return
	}
	if strings.ContainsFunc(n.Value, unicode.IsControl) {
		d.add(path, "%q holds a line break or control character", n.Value)
		return
	}
	switch v.Kind() {
	case reflect.Int:
		i, err := strconv.Atoi(n.Value)
		if err != nil {
			d.add(path, "%q is not a whole number", n.Value)
			return
		}
		v.SetInt(int64(i))
	case reflect.Bool:
		if n.Value != "true" && n.Value != "false" {
			d.add(path, "%q is neither true nor false", n.Value)
			return
		}
		v.SetBool(n.Value == "true")
	default:
		v.SetString(n.Value)
	}
}

func describe(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "keys and values"
	case yaml.SequenceNode:
		return "a list"
	case yaml.AliasNode:
		return "an alias"
	}
	return fmt.Sprintf("%q", n.Value)
}

// orFile names the root, which has no path.
func orFile(path string) string {
	if path == "" {
		return "the configuration"
	}
	return path
}

func yamlError(err error) string { return strings.TrimPrefix(err.Error(), "yaml: ") }
