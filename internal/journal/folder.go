package journal

import (
	"context"
	"database/sql"
	"errors"
	"strings"
)

// Folder is a folder right below a bag's payload.
type Folder struct {
	Bag, Name string
	Dataset   string // of its first file
	First     string // that file's path below the folder
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
			folder, below, ok := strings.Cut(name, "/")
			if !ok { // a file; the next name is the least one after it
				after = name + "\x00"
				continue
			}
			list = append(list, Folder{Bag: b.Name, Name: folder, Dataset: dataset, First: below})
			after = folder + "0" // which follows "/"
		}
	}
	return list, nil
}

// Holds says whether a file of a folder has a name that ends so. It is quick
// where there is one near the folder's beginning.
func (j *Journal) Holds(ctx context.Context, f Folder, suffix string) (bool, error) {
	var holds bool
	err := j.readers.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM artifact
		WHERE bag = (SELECT id FROM bag WHERE name = ?) AND name > ? AND name < ? AND substr(name, -length(?4)) = ?4)`,
		f.Bag, f.Name+"/", f.Name+"0", suffix).Scan(&holds)
	if err != nil {
		return false, j.unread(ctx, err)
	}
	return holds, nil
}
