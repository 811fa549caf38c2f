//go:build windows || plan9

package manifest

import "errors"

func mkfifo(string) error { return errors.ErrUnsupported }
