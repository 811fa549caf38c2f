package exporter

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"time"
)

// The periods that a bag may cover.
const (
	Month = "month"
	Day   = "day"
	Hour  = "hour"
)

// Layout says where things lie below the export's root. It is frozen with
// the first run.
type Layout struct {
	Period string // of one bag: month, day or hour
	// Parquet lets what has a table's shape lie there as Parquet too, beside
	// the records.
	Parquet bool
}

// FilesFolder is where, below a dataset or one of its days, the files lie that
// its records have. Their names are others': how one ends says nothing.
const FilesFolder = "files"

var periodFormat = map[string]string{Month: "2006-01", Day: "2006-01-02", Hour: "2006-01-02T15"}

// Bag is the path of the bag of a group at an instant, e.g.
// "bags/recordings-2026-03".
func (l Layout) Bag(group string, t time.Time) string {
	format, ok := periodFormat[l.Period]
	if !ok {
		format = periodFormat[Month]
	}
	return "bags/" + group + "-" + t.UTC().Format(format)
}

// DayPath is the path below which a dataset's payload of one UTC day lies,
// partitioned as Hive-style tables expect it.
func (l Layout) DayPath(group, dataset string, t time.Time) string {
	t = t.UTC()
	return fmt.Sprintf("%s/data/%s/year=%04d/month=%02d/day=%02d",
		l.Bag(group, t), dataset, t.Year(), t.Month(), t.Day())
}

// Whole is the path below which a dataset's payload lies whose group is one
// bag, whatever the time.
func (l Layout) Whole(group, dataset string) string {
	return fmt.Sprintf("bags/%s/data/%s", group, dataset)
}

// SafeName turns an identifier into one path element of [A-Za-z0-9._-]. One
// that fits already stays as it is; any other keeps what fits and is told
// apart by a digest of the original.
func SafeName(id string) string {
	safe := strings.Map(func(r rune) rune {
		switch {
		case 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', '0' <= r && r <= '9', r == '-', r == '_':
			return r
		case r == '.':
			return r
		}
		return '_'
	}, id)
	if safe == id && id != "" && strings.Trim(id, ".") == strings.TrimLeft(id, ".") && id[0] != '.' && len(id) <= 128 {
		return id
	}
	sum := sha256.Sum256([]byte(id))
	safe = strings.Trim(safe, "._")
	return safe[:min(len(safe), 64)] + "-" + hex.EncodeToString(sum[:8])
}
