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
	doc, def := defaults(), defaults()
	d := &decoder{problems: problems{from: map[string]string{}}, keys: keysOf(&doc, &def)}

	text, err := readFile(path)
	switch {
	case err == nil:
		d.file(path, bytes.NewReader(text), &doc, &def)
		def.State = beside(path, def.State)
		rebase(&doc, path)
	case mayBeAbsent && errors.Is(err, os.ErrNotExist):
		path = ""
	default:
		d.add(path, "%v", fileProblem(err))
	}
	d.environment(vars)
	d.overrides(overrides)

	c := check{problems: &d.problems, needed: needed, secret: vars[secretVariable]}
	cfg := c.config(doc)
	cfg.File = path
	if err := d.err(); err != nil {
		return Config{}, err
	}
	return cfg, nil
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

// secretVariable is the only place for a secret besides a file.
const secretVariable = envPrefix + "SOURCE_CLIENT_SECRET"

// environment sets the keys that have a variable; an object before its
// members, so that the more specific variable wins.
func (d *decoder) environment(vars map[string]string) {
	names := []string{envPrefix + "CONFIG", secretVariable}
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
		ours := slices.ContainsFunc(sections, func(s string) bool { return strings.HasPrefix(name, s) })
		meant := nearestWithin(name, names, 3)
		switch {
		case meant != "":
			d.add(name, "unknown variable; did you mean %s?", meant)
		case ours:
			d.add(name, "unknown variable; every key has one, such as %sSOURCE_REGION for source.region", envPrefix)
		}
	}
}

// overrides sets the keys that flags name.
func (d *decoder) overrides(overrides map[string]string) {
	paths := make([]string, len(d.keys))
	known := 0
	for i, k := range d.keys {
		paths[i] = k.path
		if text, ok := overrides[k.path]; ok {
			d.text(k, text, "from a flag")
			known++
		}
	}
	if known == len(overrides) {
		return
	}
	for _, path := range slices.Sorted(maps.Keys(overrides)) {
		if slices.Contains(paths, path) {
			continue
		}
		d.from[path] = "from a flag"
		if strings.HasSuffix(path, "client_secret") {
			d.add(path, "a secret is never taken from a flag, where other users of the machine can see it; set %s or client_secret_file", secretVariable)
		} else if meant := nearest(path, paths); meant != "" {
			d.add(path, "unknown key; did you mean %s?", meant)
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
