//go:build windows || plan9

package manifest

// isNotDir: these systems report such a path as absent by themselves.
func isNotDir(error) bool { return false }
