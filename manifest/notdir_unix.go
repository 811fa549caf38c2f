//go:build !windows && !plan9

package manifest

import (
	"errors"
	"syscall"
)

// isNotDir: a path leads through something that is not a folder.
func isNotDir(err error) bool { return errors.Is(err, syscall.ENOTDIR) }
