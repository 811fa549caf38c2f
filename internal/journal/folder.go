package journal

import (
	"context"
	"database/sql"
	"errors"
	"strings"

	"exitplan/exporter"
)

// Folder is a folder right below a bag's payload.
type Folder struct {
	Bag, Name string
	Dataset   string // of its first file
}

// Folders lists what stands right below the payload of each bag. It jumps from
// folder to folder in the order of the manifests, so that it takes no longer
// where a folder has half a million files.
func (j *Journal) Folders(ctx context.Context) ([]Folder, error) {
	bags, err := j.Bags(ctx)
	if err != nil {
		return nil, err
	}
	var list []Folder
	for _, b := range bags {
		for after := ""; ; {
			var name, dataset string
			err := j.readers.QueryRowContext(ctx, `SELECT a.name, d.name FROM artifact a JOIN dataset d ON d.id = a.dataset
				WHERE a.bag = (SELECT id FROM bag WHERE name = ?) AND a.name >= ? ORDER BY a.name LIMIT 1`, b.Name, after).Scan(&name, &dataset)
			if errors.Is(err, sql.ErrNoRows) {
				break
			}
			if err != nil {
				return nil, j.unread(ctx, err)
			}
			folder, _, ok := strings.Cut(name, "/")
			if !ok { // a file; the next name is the least one after it
				after = name + "\x00"
				continue
			}
			list = append(list, Folder{Bag: b.Name, Name: folder, Dataset: dataset})
			after = folder + "0" // which follows "/"
		}
	}
	return list, nil
}

// First is the first file of a folder whose name ends so, by its path below the
// folder; empty for none. What lies in folders of files is passed over, which
// takes no longer where these are half a million.
func (j *Journal) First(ctx context.Context, f Folder, suffix string) (string, error) {
	const files = "/" + exporter.FilesFolder
	for after := f.Name + "/"; ; {
		var name string
		err := j.readers.QueryRowContext(ctx, `SELECT name FROM artifact
			WHERE bag = (SELECT id FROM bag WHERE name = ?1) AND name >= ?2 AND name < ?3
			AND (substr(name, -length(?4)) = ?4 OR instr(name, ?5) > 0) ORDER BY name LIMIT 1`,
			f.Bag, after, f.Name+"0", suffix, files+"/").Scan(&name)
		if errors.Is(err, sql.ErrNoRows) {
			return "", nil
		}
		if err != nil {
			return "", j.unread(ctx, err)
		}
		above, _, inFiles := strings.Cut(name, files+"/")
		if !inFiles {
			return strings.TrimPrefix(name, f.Name+"/"), nil
		}
		after = above + files + "0" // which follows "/"
	}
}
