//go:build !unix

package sink

import "os"

// syncDir does nothing: names are journalled here, and a directory cannot be
// opened for a sync.
func syncDir(*os.Root, string) error { return nil }

func makeDirs(dir string) error { return os.MkdirAll(dir, 0o755) }

func isQuota(error) bool { return false }
