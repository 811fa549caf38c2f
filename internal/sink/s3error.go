package sink

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// code is S3's error code, or the status where the answer had no body (HEAD
// never has one); empty where there was no answer.
func code(err error) (string, int) {
	status := 0
	var response *awshttp.ResponseError
	if errors.As(err, &response) {
		status = response.HTTPStatusCode()
	}
	var api smithy.APIError
	if errors.As(err, &api) {
		return api.ErrorCode(), status
	}
	return "", status
}

func isPrecondition(err error) bool {
	c, status := code(err)
	return status == http.StatusPreconditionFailed || c == "PreconditionFailed"
}

func isNotFound(err error) bool {
	c, status := code(err)
	return c != "NoSuchBucket" && (c == "NoSuchKey" || c == "NotFound" || status == http.StatusNotFound && c != "NoSuchUpload")
}

func isNoUpload(err error) bool {
	c, _ := code(err)
	return c == "NoSuchUpload"
}

func isNotImplemented(err error) bool {
	c, status := code(err)
	return c == "NotImplemented" || status == http.StatusNotImplemented
}

// isOpen says whether a write that ended in this error may have happened all
// the same: no answer came, or one that does not say.
func isOpen(err error) bool {
	_, status := code(err)
	return status == 0 || status >= 500 && status != http.StatusNotImplemented
}

// isBare says whether a refusal has no code, as that of a HEAD: then wrong
// keys look like missing permissions.
func isBare(code string, status int) bool {
	refused := status == http.StatusForbidden || status == http.StatusBadRequest
	return refused && (code == "" || code == strings.ReplaceAll(http.StatusText(status), " ", ""))
}

// ask repeats a refused question in a way that is answered with a code.
func (s *S3) ask(ctx context.Context, path string) error {
	if path == "" {
		_, err := s.client.ListObjectsV2(ctx, &s3.ListObjectsV2Input{
			Bucket: &s.bucket, Prefix: &s.prefix, MaxKeys: aws.Int32(1), ExpectedBucketOwner: s.owner,
		})
		return err
	}
	out, err := s.client.GetObject(ctx, &s3.GetObjectInput{
		Bucket: &s.bucket, Key: s.key(path), Range: aws.String("bytes=0-0"), ExpectedBucketOwner: s.owner,
	})
	if err == nil {
		_ = out.Body.Close()
	}
	return err
}

// brief is an error of the SDK without its protocol of the request.
type brief struct{ err error }

func (b brief) Unwrap() error { return b.err }

func (b brief) Error() string {
	var (
		api      smithy.APIError
		unsent   *smithyhttp.RequestSendError
		response *awshttp.ResponseError
		text     = b.err.Error()
	)
	answered := errors.As(b.err, &response)
	switch {
	case errors.As(b.err, &api):
		text = api.ErrorCode()
		if m := api.ErrorMessage(); m != "" && m != text {
			text += ": " + m
		}
	case errors.As(b.err, &unsent):
		text = "no answer: " + unsent.Err.Error()
	case answered:
		text = fmt.Sprintf("HTTP status %d: %v", response.HTTPStatusCode(), response.ResponseError.Err)
	}
	if answered && response.RequestID != "" {
		text += " (request " + response.RequestID + ")"
	}
	return text
}

// explain says what a person can do about an error of S3. Operation is a
// verb, path the object (empty for the bucket).
func (s *S3) explain(ctx context.Context, operation, path string, err error) error {
	what := operation + " " + s.URL()
	if path != "" {
		what = operation + " " + path
	}
	if ctx.Err() != nil {
		return fmt.Errorf("%s: %w", what, context.Cause(ctx))
	}
	c, status := code(err)
	if isBare(c, status) {
		if told := s.ask(ctx, path); told != nil {
			if again, same := code(told); same == status {
				c, err = again, told
			}
		}
	}
	return s.reason(what, s.permissions(), c, status, err)
}

// reason says what a person can do, and which permissions may be missing.
func (s *S3) reason(what, permissions, c string, status int, err error) error {
	err = brief{err}
	if errors.Is(err, ErrNoCredentials) { // they ran out, or their own service refused
		return fmt.Errorf("%s: %w", what, err)
	}
	switch c {
	case "NoSuchBucket":
		return fmt.Errorf("%s: %w: %s: make the bucket, or correct destination.url: %w", what, ErrNoBucket, s.bucket, err)
	case "AccessDenied", "AllAccessDisabled", "AccountProblem":
		return fmt.Errorf("%s: %w: %s: %w", what, ErrAccess, permissions, err)
	case "InvalidObjectState":
		return fmt.Errorf("%s: %w: it lies in an archive class (GLACIER, DEEP_ARCHIVE, or moved there by a lifecycle rule), which cannot be read: "+
			"restore it first (aws s3api restore-object), and keep such rules away until the export is verified: %w", what, ErrStore, err)
	case "InvalidAccessKeyId", "SignatureDoesNotMatch":
		return fmt.Errorf("%s: %w: the store does not know the access key, or its secret is another: %w", what, ErrNoCredentials, err)
	case "ExpiredToken", "ExpiredTokenException", "InvalidToken", "TokenRefreshRequired", "RequestExpired":
		return fmt.Errorf("%s: %w: the session has expired: log in again (aws sso login), then run the same command again: %w", what, ErrNoCredentials, err)
	case "RequestTimeTooSkewed":
		return fmt.Errorf("%s: %w: this machine's clock is wrong: set it: %w", what, ErrStore, err)
	case "PermanentRedirect", "AuthorizationHeaderMalformed", "IllegalLocationConstraintException", "TemporaryRedirect", "BucketRegionError", "MovedPermanently":
		return fmt.Errorf("%s: %w: bucket %s lies in %s: set destination.region: %w", what, ErrRegion, s.bucket, regionOf(err), err)
	case "NoSuchKey", "NotFound", "NoSuchVersion": // of a copy's source
		return fmt.Errorf("%s: %w", what, fs.ErrNotExist)
	}
	switch status {
	case http.StatusForbidden:
		return fmt.Errorf("%s: %w: %s: %w", what, ErrAccess, permissions, err)
	case http.StatusMovedPermanently:
		return fmt.Errorf("%s: %w: bucket %s lies in %s: set destination.region: %w", what, ErrRegion, s.bucket, regionOf(err), err)
	case http.StatusInsufficientStorage:
		return fmt.Errorf("%s: %w: make room, then run the same command again: %w", what, ErrFull, err)
	}
	return fmt.Errorf("%s: %w", what, err)
}

func (s *S3) permissions() string {
	p := "grant s3:ListBucket on the bucket, and s3:PutObject, s3:GetObject, s3:AbortMultipartUpload and s3:ListMultipartUploadParts on its objects"
	if s.sse == "aws:kms" {
		p += ", and kms:GenerateDataKey and kms:Decrypt on the key"
	}
	if s.owner != nil {
		p += "; or the bucket is not the account's that destination.expected_bucket_owner names"
	}
	return p
}

// regionOf is the region that S3 names when it was asked in another.
func regionOf(err error) string {
	var response *awshttp.ResponseError
	if errors.As(err, &response) && response.Response != nil {
		if region := response.Response.Header.Get("x-amz-bucket-region"); region != "" {
			return region
		}
	}
	return "another region"
}
