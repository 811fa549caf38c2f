package s3server

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
)

// build makes .bin/versitygw in the source tree and returns its path. With
// nothing changed since the last time this takes half a second.
func build(ctx context.Context) (string, error) {
	root, err := sourceTree()
	if err != nil {
		return "", err
	}
	bin := filepath.Join(root, ".bin")
	if err := os.MkdirAll(bin, 0o755); err != nil {
		return "", err
	}
	// Packages are tested in parallel: one builds, the others wait.
	unlock, err := lockFile(filepath.Join(bin, "versitygw.lock"))
	if err != nil {
		return "", err
	}
	defer unlock()
	binary := filepath.Join(bin, "versitygw")
	if runtime.GOOS == "windows" {
		binary += ".exe"
	}
	cmd := exec.CommandContext(ctx, "go", "build", "-C", filepath.Join(root, "tools"), "-o", binary,
		"github.com/versity/versitygw/cmd/versitygw")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build versitygw: %w\n%s", err, out)
	}
	return binary, nil
}

// sourceTree is the nearest directory, from here upwards, with a tools module.
func sourceTree() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "tools", "go.mod")); err == nil {
			return dir, nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", errNoTree
		}
		dir = parent
	}
}
