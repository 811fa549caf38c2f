package main

import (
	"encoding/json"
	"os"
	"slices"
)

// printJSON writes a result for programs to standard output.
func printJSON(v any) error {
	enc := json.NewEncoder(os.Stdout)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}

func contains(list []string, s string) bool { return slices.Contains(list, s) }
