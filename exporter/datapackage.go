package exporter

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"path"
	"strings"

	"exitplan/manifest"
)

// DataPackage is the name of the file with which each bag, and the root bag's
// payload, says what it holds as a Frictionless Data Package
// (https://datapackage.org, version 2). It names no time: the same payload
// gives the same bytes.
const DataPackage = "datapackage.json"

const packageProfile = "https://datapackage.org/profiles/2.0/datapackage.json"

// form is a kind of file whose files make one table together, so that a
// resource can list them.
type form struct {
	suffix, format, mediaType string
	compression, encoding     string
	deep                      bool // the tables are folders below the dataset's
}

var forms = []form{
	{suffix: ".jsonl.gz", format: "jsonl", mediaType: "application/x-ndjson", compression: "gz", encoding: "utf-8"},
	{suffix: ".parquet", format: "parquet", mediaType: "application/vnd.apache.parquet", deep: true},
}

// resource is one entry of a package's resources, in the order of its fields.
type resource struct {
	Name        string `json:"name"`
	Title       string `json:"title,omitempty"`
	Description string `json:"description,omitempty"`
	Path        string `json:"path,omitempty"`
	Format      string `json:"format,omitempty"`
	MediaType   string `json:"mediatype,omitempty"`
	Encoding    string `json:"encoding,omitempty"`
	Compression string `json:"compression,omitempty"`
	Bytes       int64  `json:"bytes,omitempty"`
	Hash        string `json:"hash,omitempty"`

	// Beyond the standard, which allows that.
	Dataset string `json:"dataset,omitempty"`
	Class   string `json:"class,omitempty"`
	Files   int64  `json:"files,omitempty"`
	Records int64  `json:"records,omitempty"`
}

// describeBag writes the package of a bag from its artifacts, which come by
// path, bytewise. A table's files are written as they come, so that memory does
// not grow with them. What is stored one file an object, such as recordings,
// may be half a million files: it is one resource that points at the manifest.
func describeBag(w io.Writer, title, bag string, artifacts iter.Seq2[Artifact, error], describe func(dataset string) Info) error {
	out := bufio.NewWriter(w)
	if err := beginPackage(out, path.Base(bag), title); err != nil {
		return err
	}
	p := &packageWriter{out: out, describe: describe}
	for a, err := range artifacts {
		if err == nil {
			err = p.add(strings.TrimPrefix(a.Path, bag+"/"), a)
		}
		if err != nil {
			return err
		}
	}
	if err := p.endFolder(); err != nil {
		return err
	}
	if _, err := out.WriteString("\n ]\n}\n"); err != nil {
		return err
	}
	return out.Flush()
}

// beginPackage writes everything up to the first resource. name is lower-cased,
// as the standard wants it.
func beginPackage(out *bufio.Writer, name, title string) error {
	for _, member := range [][2]string{{"$schema", packageProfile}, {"name", strings.ToLower(name)}, {"title", title}} {
		text, err := json.Marshal(member[1])
		if err != nil {
			return err
		}
		lead := ",\n"
		if member[0] == "$schema" {
			lead = "{\n"
		}
		fmt.Fprintf(out, "%s \"%s\": %s", lead, member[0], text)
	}
	_, err := out.WriteString(",\n \"resources\": [")
	return err
}

// rootPackage is the package of the root bag's payload. Its resources are the
// files beside it; the standard has no place for what lies further up, so the
// bags are listed beyond it, by their paths from the export's root.
type rootPackage struct {
	Schema      string     `json:"$schema"`
	Name        string     `json:"name"`
	Title       string     `json:"title"`
	Description string     `json:"description"`
	Bags        []bagEntry `json:"bags"`
	Resources   []resource `json:"resources"`
}

type bagEntry struct {
	Path    string `json:"path"`
	Package string `json:"datapackage"`
	Files   int64  `json:"files"`
	Bytes   int64  `json:"bytes"`
	Hash    string `json:"hash"` // of its tag manifest, as in BAGS.sha256
}

func describeRoot(w io.Writer, title string, bags []Bag, files []manifest.Entry) error {
	p := rootPackage{
		Schema: packageProfile, Name: "root", Title: title,
		Description: "The export's own files. Its data lie in the bags, whose paths count from the export's root; each has a datapackage.json of its own.",
		Bags:        []bagEntry{},
	}
	for _, b := range bags {
		p.Bags = append(p.Bags, bagEntry{b.Name, b.Name + "/" + DataPackage, b.Files, b.Bytes, "sha256:" + b.Sealed})
	}
	for _, f := range files {
		at := strings.TrimPrefix(f.Path, "data/")
		p.Resources = append(p.Resources, resource{
			Name: strings.ToLower(at), Path: at, Format: strings.TrimPrefix(path.Ext(at), "."), Encoding: "utf-8",
			Bytes: f.Bytes, Hash: "sha256:" + f.SHA256,
		})
	}
	enc := json.NewEncoder(w)
	enc.SetIndent("", " ")
	return enc.Encode(p)
}

// packageWriter writes resources while artifacts come.
type packageWriter struct {
	out      *bufio.Writer
	describe func(dataset string) Info
	some     bool // a resource is written

	folder string    // the dataset's, below data/
	table  *resource // being written: Path holds its first file
	opened bool      // its further files are in out already
	tabled bool      // the folder has a table
	rest   resource  // what of the folder is in no table
}

func (p *packageWriter) add(at string, a Artifact) error {
	folder, below := cutFolder(strings.TrimPrefix(at, "data/"))
	if folder != p.folder {
		if err := p.endFolder(); err != nil {
			return err
		}
		p.folder = folder
	}
	for _, f := range forms {
		if !strings.HasSuffix(at, f.suffix) || strings.Contains(at, "/"+FilesFolder+"/") {
			continue
		}
		name := folder
		if f.deep {
			table, _ := cutFolder(below)
			name += "." + table
		}
		return p.file(f, strings.ToLower(name), at, a)
	}
	if p.rest.Files == 0 {
		p.rest = p.about(strings.ToLower(folder), a.Dataset)
	}
	p.rest.Files++
	p.rest.Bytes += a.Bytes
	return nil
}

// cutFolder cuts off the first folder of a path.
func cutFolder(at string) (folder, below string) {
	folder, below, ok := strings.Cut(at, "/")
	if !ok {
		return "", at
	}
	return folder, below
}

func (p *packageWriter) about(name, dataset string) resource {
	r := resource{Name: name, Dataset: dataset}
	if p.describe != nil {
		info := p.describe(dataset)
		r.Title, r.Class = info.Description, info.Class
	}
	return r
}

// file adds a file to the table of that name.
func (p *packageWriter) file(f form, name, at string, a Artifact) error {
	if p.table == nil || p.table.Name != name {
		if err := p.endTable(); err != nil {
			return err
		}
		r := p.about(name, a.Dataset)
		r.Path, r.Hash = at, "sha256:"+a.SHA256
		r.Format, r.MediaType, r.Encoding, r.Compression = f.format, f.mediaType, f.encoding, f.compression
		r.Files, r.Bytes, r.Records = 1, a.Bytes, a.Records
		p.table, p.tabled = &r, true
		return nil
	}
	if !p.opened {
		p.opened = true
		if err := p.separate(); err != nil {
			return err
		}
		fmt.Fprintf(p.out, "{\"path\": [\n   %q", p.table.Path) // plain characters only
		p.table.Path, p.table.Hash = "", ""
	}
	p.table.Files++
	p.table.Bytes += a.Bytes
	p.table.Records += a.Records
	_, err := fmt.Fprintf(p.out, ",\n   %q", at)
	return err
}

// endTable writes what is known of a table once its files are over.
func (p *packageWriter) endTable() error {
	if p.table == nil {
		return nil
	}
	r, opened := *p.table, p.opened
	p.table, p.opened = nil, false
	if !opened {
		return p.write(r)
	}
	text, err := json.Marshal(r)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(p.out, "],\n   %s", text[1:])
	return err
}

// endFolder ends the table, and writes what of the folder is in none.
func (p *packageWriter) endFolder() error {
	r, tabled := p.rest, p.tabled
	p.rest, p.tabled = resource{}, false
	if err := p.endTable(); err != nil || r.Files == 0 {
		return err
	}
	if tabled { // names are unique
		r.Name += ".files"
	}
	r.Description = fmt.Sprintf("%d files of %d bytes below data/%s/: those lines of the manifest, each a SHA-256 and a path", r.Files, r.Bytes, p.folder)
	r.Path, r.Format, r.MediaType, r.Encoding, r.Bytes = "manifest-sha256.txt", "txt", "text/plain", "utf-8", 0 // of the list, which is not written yet
	return p.write(r)
}

func (p *packageWriter) write(r resource) error {
	if err := p.separate(); err != nil {
		return err
	}
	text, err := json.Marshal(r)
	if err == nil {
		_, err = p.out.Write(text)
	}
	return err
}

func (p *packageWriter) separate() error {
	lead := ",\n  "
	if !p.some {
		p.some, lead = true, "\n  "
	}
	_, err := p.out.WriteString(lead)
	return err
}
