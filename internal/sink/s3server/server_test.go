package s3server

import (
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

func TestServesAndEnds(t *testing.T) {
	s := StartOptions(t, Options{Dir: t.TempDir(), Versioning: true})
	_, err := s.Client().PutObject(t.Context(), &s3.PutObjectInput{
		Bucket: &s.Bucket, Key: aws.String("a/b"), Body: strings.NewReader("x"),
	})
	if err != nil {
		t.Fatal(err)
	}
	lock, err := s.Client().GetObjectLockConfiguration(t.Context(), &s3.GetObjectLockConfigurationInput{Bucket: &s.Bucket})
	if err != nil || lock.ObjectLockConfiguration.ObjectLockEnabled != "Enabled" {
		t.Errorf("a versioned server has Object Lock: %v, %v", lock, err)
	}
	s.Stop()
	s.Stop()
	if answer, err := http.Get(s.Endpoint + "/health"); err == nil {
		answer.Body.Close()
		t.Error("it still answers after Stop")
	}
}
