//go:build !linux

package manifest

func openTree(root string) (tree, error) { return openRootTree(root) }
