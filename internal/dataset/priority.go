package dataset

import "exitplan/exporter"

// PriorityOf is that of most units of a dataset: lower goes first.
func PriorityOf(name string) int {
	switch name {
	case DetailsName:
		return 1
	case RecordingsName:
		return firstPriority
	}
	for _, row := range declared() {
		switch {
		case row.name != name:
		case row.among != nil:
			return contentPriority
		case row.class == exporter.Recordings:
			return firstPriority
		}
	}
	return listingPriority
}
