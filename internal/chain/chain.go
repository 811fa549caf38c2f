// Package chain links records: each names the digest of the one before, so
// that none can be changed, dropped or moved unseen.
//
// Anyone can recompute a digest: take the member "hash" out of a record, bring
// the rest into the canonical form of RFC 8785 (for plain text, what jq -cS
// prints), and take the SHA-256.
package chain

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"

	"github.com/go-json-experiment/json/jsontext"
)

// Origin is what the first record names as the one before.
const Origin = "0000000000000000000000000000000000000000000000000000000000000000"

// Digest is the SHA-256 of the canonical JSON of a record, in lower-case hex.
func Digest(record any) (string, error) {
	body, err := json.Marshal(record)
	if err != nil {
		return "", err
	}
	canonical := jsontext.Value(body)
	if err := canonical.Canonicalize(); err != nil {
		return "", err
	}
	sum := sha256.Sum256(canonical)
	return hex.EncodeToString(sum[:]), nil
}
