package manifest

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"hash"
	"strings"
)

// algorithm is a checksum that a manifest may use, named as in its file name.
type algorithm struct {
	name string
	size int // of a digest, in bytes
	new  func() hash.Hash
}

// algorithms lists those that can be checked. MD5 and SHA-1 are for bags of
// others: they find accidents, not forgeries.
func algorithms() []algorithm {
	return []algorithm{
		{"md5", md5.Size, md5.New},
		{"sha1", sha1.Size, sha1.New},
		{"sha256", sha256.Size, sha256.New},
		{"sha512", sha512.Size, sha512.New},
	}
}

func findAlgorithm(name string) (algorithm, bool) {
	for _, a := range algorithms() {
		if a.name == name {
			return a, true
		}
	}
	return algorithm{}, false
}

// manifestName says whether a path of a bag is a payload or tag manifest, of
// whatever algorithm, and of which.
func manifestName(path string) (algorithm string, ok bool) {
	name, _ := strings.CutPrefix(path, "tag")
	name, ok = strings.CutPrefix(name, "manifest-")
	if !ok {
		return "", false
	}
	name, ok = strings.CutSuffix(name, ".txt")
	return name, ok && name != "" && !strings.Contains(name, "/")
}

// decodeDigest reads a store's digest, in hex or base64.
func decodeDigest(text string, size int) ([]byte, bool) {
	var digest []byte
	var err error
	if len(text) == 2*size {
		digest, err = hex.DecodeString(text)
	} else {
		digest, err = base64.StdEncoding.DecodeString(text)
	}
	return digest, err == nil && len(digest) == size
}

func isLowerHex(s string) bool {
	for _, c := range []byte(s) {
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}
