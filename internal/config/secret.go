package config

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"runtime"
	"strings"
	"unicode"
)

// Secret holds a credential. However it is printed, encoded or logged, only
// the word "[redacted]" comes out; see [Secret.Reveal].
type Secret struct {
	// A pointer, because fmt shows what lies in a struct where a verb does
	// not fit it at all, and asks no method.
	value *string
}

const redacted = "[redacted]"

// NewSecret wraps a credential.
func NewSecret(value string) Secret {
	if value == "" {
		return Secret{}
	}
	return Secret{&value}
}

// Reveal returns the credential itself, for the request that needs it.
func (s Secret) Reveal() string {
	if s.value == nil {
		return ""
	}
	return *s.value
}

// IsZero says whether there is no credential.
func (s Secret) IsZero() bool { return s.value == nil }

// String returns "[redacted]", or "" if there is no credential.
func (s Secret) String() string {
	if s.IsZero() {
		return ""
	}
	return redacted
}

// Format prints String for every verb, also those that would look inside.
func (s Secret) Format(f fmt.State, _ rune) { io.WriteString(f, s.String()) }

// MarshalText encodes String, in JSON as elsewhere.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// MarshalJSON encodes String.
func (s Secret) MarshalJSON() ([]byte, error) { return []byte(`"` + s.String() + `"`), nil }

// MarshalYAML encodes String.
func (s Secret) MarshalYAML() (any, error) { return s.String(), nil }

// LogValue logs String.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// maxSecret bounds what is read from a secret's file, in bytes.
const maxSecret = 64 << 10

// readSecret reads a credential from a file that only its owner can read.
// Errors name the file and never its content.
func readSecret(name string) (Secret, error) {
	// Checked before opening: opening a pipe would wait for its writer.
	if info, err := os.Stat(name); err != nil {
		return Secret{}, unreadable(name, err)
	} else if !info.Mode().IsRegular() {
		return Secret{}, fmt.Errorf("%s is not a regular file", name)
	}
	f, err := os.Open(name)
	if err != nil {
		return Secret{}, unreadable(name, err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return Secret{}, unreadable(name, err)
	}
	// Windows has no such bits; what Go reports there means nothing.
	if mode := info.Mode().Perm(); runtime.GOOS != "windows" && mode&0o077 != 0 {
		return Secret{}, fmt.Errorf("%s is open to others than its owner (mode %04o); run: chmod 600 %[1]s", name, mode)
	}
	text, err := io.ReadAll(io.LimitReader(f, maxSecret+1))
	if err != nil {
		return Secret{}, unreadable(name, err)
	}
	if len(text) > maxSecret {
		return Secret{}, fmt.Errorf("%s is too long to hold a secret", name)
	}
	secret, err := parseSecret(string(text))
	if err != nil {
		return Secret{}, fmt.Errorf("%s %w", name, err)
	}
	return secret, nil
}

func unreadable(name string, err error) error {
	switch {
	case errors.Is(err, os.ErrNotExist):
		return fmt.Errorf("%s does not exist", name)
	case errors.Is(err, os.ErrPermission):
		return fmt.Errorf("%s cannot be read by this user; it must belong to whoever runs exitplan", name)
	}
	return fmt.Errorf("cannot read the secret: %w", err)
}

func parseSecret(text string) (Secret, error) {
	value := strings.TrimRight(text, "\r\n")
	if strings.TrimSpace(value) == "" {
		return Secret{}, errors.New("is empty; it must hold the secret")
	}
	if strings.ContainsFunc(value, func(r rune) bool { return unicode.IsControl(r) || unicode.IsSpace(r) }) {
		return Secret{}, errors.New("must hold the secret and nothing else, on one line without spaces")
	}
	return NewSecret(value), nil
}
