//go:build !windows && !plan9

package manifest

import "syscall"

func mkfifo(name string) error { return syscall.Mkfifo(name, 0o600) }
