// Package manifest writes and verifies BagIt bags (RFC 8493, version 1.0)
// wherever they lie: in a folder, in a bucket, behind any [Store].
//
// The model. A bag is a folder with a payload below data/, and tag files
// beside it: bagit.txt says that it is a bag, bag-info.txt describes it,
// manifest-sha256.txt has a checksum for every payload file, and
// tagmanifest-sha256.txt one for every other tag file. So one digest, that of
// the tag manifest, stands for every byte of the bag.
//
// An export is many bags below one root:
//
//	BAGS.sha256        the digest of each bag's tag manifest
//	bags/<name>/...    the bags
//	root/...           the control bag, written last; it holds a copy of
//	                   BAGS.sha256, and so its tag manifest seals the export
//	state/...          working files of the exporter, part of no bag
//
// [WriteBag] describes a payload that is stored already; it never touches
// the payload. [Verify] reads a bag or a whole export back from where it
// lies, and says what is missing, added or changed. Both stream: their memory
// does not grow with the number of files.
//
// Nothing here is needed to check an export: the text that [VerifyText]
// returns says how to do it with sha256sum alone.
package manifest
