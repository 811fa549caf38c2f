package config

import (
	"net/url"
	"strings"
)

func (c *check) destination(doc destinationDoc) Destination {
	d := Destination{
		URL:                 c.destinationURL(doc.URL),
		Region:              doc.Region,
		AllowCrossRegion:    doc.AllowCrossRegion,
		Endpoint:            c.baseURL("destination.endpoint", doc.Endpoint),
		PathStyle:           doc.PathStyle,
		SSE:                 doc.SSE,
		KMSKeyID:            doc.KMSKeyID,
		ExpectedBucketOwner: doc.ExpectedBucketOwner,
		StorageClass:        doc.StorageClass,
		ObjectLock: ObjectLock{
			Mode:        doc.ObjectLock.Mode,
			RetainUntil: c.end("destination.object_lock.retain_until", doc.ObjectLock.RetainUntil),
		},
	}
	c.match("destination.region", doc.Region, `^[a-z0-9][a-z0-9-]*$`, "write an AWS region such as ap-northeast-1")
	c.match("destination.expected_bucket_owner", doc.ExpectedBucketOwner, `^[0-9]{12}$`, "write the 12 digits of an AWS account id")
	c.match("destination.storage_class", doc.StorageClass, `^[A-Z][A-Z0-9_]*$`, "write a class such as STANDARD_IA")
	switch doc.StorageClass {
	case "GLACIER", "DEEP_ARCHIVE":
		c.add("destination.storage_class", "%s cannot be read without a restore of hours, and an export reads back what it stored; write GLACIER_IR, or move it after the export is verified", doc.StorageClass)
	}
	c.oneOf("destination.sse", doc.SSE, SSES3, SSEKMS)
	switch {
	case doc.SSE == SSEKMS && doc.KMSKeyID == "":
		c.add("destination.kms_key_id", "is missing; destination.sse aws:kms needs the id or ARN of a key")
	case doc.SSE == SSES3 && doc.KMSKeyID != "":
		c.add("destination.kms_key_id", "has no effect with destination.sse AES256; write aws:kms there, or remove the key")
	}
	switch lock := doc.ObjectLock; {
	case lock.Mode == "" && lock.RetainUntil != "":
		c.add("destination.object_lock.mode", "is missing; write GOVERNANCE or COMPLIANCE, or remove retain_until")
	case lock.Mode != "":
		c.oneOf("destination.object_lock.mode", lock.Mode, "GOVERNANCE", "COMPLIANCE")
		if lock.RetainUntil == "" {
			c.add("destination.object_lock.retain_until", "is missing; write until when objects must be kept")
		}
	}
	return d
}

// destinationURL checks where the export goes and drops slashes at the end,
// so that one place has one spelling.
func (c *check) destinationURL(s string) string {
	const at = "destination.url"
	if s == "" {
		if c.needs(NeedDestination) {
			c.add(at, "is missing; write s3://bucket/prefix, or file:///directory")
		}
		return ""
	}
	u, err := url.Parse(s)
	switch {
	case err != nil:
		c.add(at, "is not a URL; write s3://bucket/prefix, or file:///directory")
	case u.User != nil:
		c.add(at, "must not hold credentials; they come from the AWS default chain (environment, profile, role)")
	case u.Scheme != "s3" && u.Scheme != "file":
		c.add(at, "%q is neither s3://bucket/prefix nor file:///directory", s)
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		c.add(at, "%q must end before any ? or #", s)
	case u.Scheme == "s3" && (u.Host == "" || u.Port() != ""):
		c.add(at, "%q names no bucket; write s3://bucket/prefix", s)
	case u.Scheme == "file" && (u.Host != "" || strings.Trim(u.Path, "/") == ""):
		c.add(at, "%q is not an absolute directory; write file:///directory, with three slashes", s)
	}
	return strings.TrimRight(s, "/")
}
