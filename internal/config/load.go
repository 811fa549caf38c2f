package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// DefaultFile is read where neither a flag nor EXITPLAN_CONFIG names a file.
const DefaultFile = "exitplan.yaml"

// Section names a part of the configuration that a command cannot do without.
type Section string

// The sections, as [Load] takes them.
const (
	NeedContract    Section = "contract"
	NeedSource      Section = "source"
	NeedDestination Section = "destination"
	// NeedNothing is for commands that only use what is there.
	NeedNothing Section = ""
)

// maxFile bounds the size of exitplan.yaml, in bytes.
const maxFile = 1 << 20

// Load reads the configuration: the file at path, over it the environment
// (as [os.Environ] returns it), and over both the overrides (flags), whose
// keys are dotted ("source.region").
//
// An empty path means EXITPLAN_CONFIG, or else [DefaultFile], which may be
// absent. Relative paths in the file are relative to the file; those from the
// environment and flags are relative to the working directory. An empty
// variable counts as not set, an empty override as the default.
//
// The needed sections must be complete, all three if none is named; whatever
// else is given is checked all the same. Secrets are read only where the
// source is needed.
//
// An error wraps [ErrConfig] and lists every problem, see [Error].
func Load(path string, env []string, overrides map[string]string, needed ...Section) (Config, error) {
	if len(needed) == 0 {
		needed = []Section{NeedContract, NeedSource, NeedDestination}
	}
	vars := environment(env)
	mayBeAbsent := false
	if path == "" {
		path = vars[envPrefix+"CONFIG"]
	}
	if path == "" {
		path, mayBeAbsent = DefaultFile, true
	}
	d, doc := read(path, mayBeAbsent, vars, overrides)
	if doc == nil {
		return Config{}, d.err()
	}
	c := check{problems: &d.problems, needed: needed, secret: vars[secretVariable], notifySecret: vars[notifySecretVariable]}
	cfg := c.config(*doc)
	cfg.File = d.name
	if err := d.err(); err != nil {
		return Config{}, err
	}
	return cfg, nil
}

// read puts the layers over each other. The document is nil where the file
// cannot be used: what would be missing without it is no news then.
func read(path string, mayBeAbsent bool, vars, overrides map[string]string) (*decoder, *document) {
	doc, def := defaults(), defaults()
	d := &decoder{problems: newProblems(), keys: keysOf(&doc, &def), name: path}
	if path != "" {
		text, err := readFile(path)
		switch {
		case err == nil:
			if !d.file(path, bytes.NewReader(text), &doc, &def) {
				return d, nil
			}
			def.State = beside(path, def.State)
			rebase(&doc, path)
		case mayBeAbsent && errors.Is(err, os.ErrNotExist):
			d.name = ""
		default:
			d.add(path, "%v", fileProblem(err))
			return d, nil
		}
	}
	d.environment(vars)
	d.overrides(overrides)
	d.checked = true
	return d, &doc
}

// LoadDestination reads no more than the section destination, for a command
// that only wants to know how a bucket is reached: nothing need be set, and
// mistakes in other sections do not matter. An empty path means no file.
func LoadDestination(path string, env []string, overrides map[string]string) (Destination, error) {
	d, doc := read(path, false, environment(env), overrides)
	if doc == nil {
		return Destination{}, d.err()
	}
	c := check{problems: &d.problems, needed: []Section{NeedNothing}, zone: time.UTC}
	destination := c.destination(doc.Destination)
	var lines []string
	for i, about := range d.abouts {
		if section, _, _ := strings.Cut(about, "."); section == string(NeedDestination) {
			lines = append(lines, d.lines[i])
		}
	}
	if lines != nil {
		return Destination{}, &Error{lines}
	}
	return destination, nil
}

// CheckKeys reports overrides that set no key, or a secret.
func CheckKeys(overrides map[string]string) error {
	doc, def := defaults(), defaults()
	d := &decoder{problems: newProblems(), keys: keysOf(&doc, &def)}
	d.unknownOverrides(overrides)
	return d.err()
}

// environment keeps the variables of this program that are set to something.
func environment(env []string) map[string]string {
	vars := map[string]string{}
	for _, entry := range env {
		name, value, ok := strings.Cut(entry, "=")
		if ok && value != "" && strings.HasPrefix(name, envPrefix) {
			vars[name] = value
		}
	}
	return vars
}

// secretVariable is the only place for that secret besides a file.
const secretVariable = envPrefix + "SOURCE_CLIENT_SECRET"

// environment sets the keys that have a variable; an object before its
// members, so that the more specific variable wins.
func (d *decoder) environment(vars map[string]string) {
	names := []string{envPrefix + "CONFIG", secretVariable, notifySecretVariable}
	sections := []string{}
	for _, k := range d.keys {
		names = append(names, k.env())
		if k.depth == 1 {
			section, _, _ := strings.Cut(k.path, ".")
			sections = append(sections, envPrefix+strings.ToUpper(section)+"_")
		}
		if text, ok := vars[k.env()]; ok {
			d.text(k, text, k.env())
		}
	}
	// Another tool may have variables of that prefix; what looks like one of
	// ours, and is not, is a typing error.
	for _, name := range slices.Sorted(maps.Keys(vars)) {
		if slices.Contains(names, name) {
			continue
		}
		ours := slices.IndexFunc(sections, func(s string) bool { return strings.HasPrefix(name, s) })
		meant := nearestWithin(name, names, 3)
		switch {
		case meant != "":
			d.misnamed(name, d.pathOf(meant), "unknown variable; did you mean %s?", meant)
		case ours >= 0:
			section := strings.ToLower(strings.TrimSuffix(strings.TrimPrefix(sections[ours], envPrefix), "_"))
			d.put(name, section, fmt.Sprintf("unknown variable; every key has one, such as %sSOURCE_REGION for source.region", envPrefix))
		}
	}
}

// pathOf is the key that a variable sets.
func (d *decoder) pathOf(variable string) string {
	if variable == secretVariable {
		return "source.client_secret_file" // the other way to say it
	}
	if variable == notifySecretVariable {
		return "notify.secret_file"
	}
	for _, k := range d.keys {
		if k.env() == variable {
			return k.path
		}
	}
	return variable
}

// overrides sets the keys that flags name.
func (d *decoder) overrides(overrides map[string]string) {
	for _, k := range d.keys {
		if text, ok := overrides[k.path]; ok {
			d.text(k, text, "from a flag")
		}
	}
	d.unknownOverrides(overrides)
}

func (d *decoder) unknownOverrides(overrides map[string]string) {
	paths := make([]string, len(d.keys))
	for i, k := range d.keys {
		paths[i] = k.path
	}
	for _, path := range slices.Sorted(maps.Keys(overrides)) {
		if slices.Contains(paths, path) {
			continue
		}
		d.from[path] = "from a flag"
		if strings.HasSuffix(path, "client_secret") {
			d.misnamed(path, path+"_file", "a secret is never taken from a flag, where other users of the machine can see it; set %s or client_secret_file", secretVariable)
		} else if meant := nearest(path, paths); meant != "" {
			d.misnamed(path, meant, "unknown key; did you mean %s?", meant)
		} else {
			d.add(path, "unknown key; keys are written like source.region")
		}
	}
}

func readFile(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.IsDir() {
		return nil, errors.New("is a directory; name the file in it")
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err == nil && len(text) > maxFile {
		err = fmt.Errorf("is larger than %d bytes; is it the right file?", maxFile)
	}
	return text, err
}

func fileProblem(err error) error {
	switch {
	case errors.Is(err, os.ErrNotExist):
		return errors.New("does not exist; write one with: exitplan init")
	case errors.Is(err, os.ErrPermission):
		return errors.New("cannot be read by this user")
	}
	return err
}

// rebase makes the relative paths of a document that was read from a file
// relative to that file.
func rebase(doc *document, file string) {
	doc.State = beside(file, doc.State)
	doc.Source.ClientSecretFile = beside(file, doc.Source.ClientSecretFile)
	doc.Notify.SecretFile = beside(file, doc.Notify.SecretFile)
	for i := range doc.Source.Clients {
		c := &doc.Source.Clients[i]
		c.ClientSecretFile = beside(file, c.ClientSecretFile)
	}
}

func beside(file, path string) string {
	if path == "" || filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(filepath.Dir(file), path)
}
