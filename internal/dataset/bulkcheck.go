package dataset

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"exitplan/exporter"
	"exitplan/internal/genesys"
)

// The type of an integration by which recording jobs reach a bucket.
const bulkIntegration = "aws-s3-recording-bulk-actions-integration"

// CheckIntegration says whether recording jobs of an integration can write
// into a bucket: before the first of them runs for days, for nothing.
func CheckIntegration(ctx context.Context, client *genesys.Client, integrationID, bucket string) error {
	path := "/api/v2/integrations/" + url.PathEscape(integrationID)
	answer, err := client.Get(ctx, path, nil)
	if errors.Is(err, genesys.ErrNotFound) {
		return fmt.Errorf("integration %s: the organization has none of that id: set recordings.integration_id to that of its %s: %w", integrationID, bulkIntegration, err)
	}
	if err != nil {
		return fmt.Errorf("integration %s: %w", integrationID, err)
	}
	var integration struct {
		Name     string `json:"name"`
		Intended string `json:"intendedState"`
		Type     struct {
			ID string `json:"id"`
		} `json:"integrationType"`
		Reported struct {
			Code string `json:"code"`
		} `json:"reportedState"`
	}
	if err := json.Unmarshal(answer, &integration); err != nil {
		return fmt.Errorf("integration %s: %w", integrationID, err)
	}
	called := fmt.Sprintf("integration %s (%s)", integrationID, integration.Name)
	switch {
	case integration.Type.ID != bulkIntegration:
		return fmt.Errorf("%s is of type %s, which takes no recordings: set recordings.integration_id to one of type %s", called, integration.Type.ID, bulkIntegration)
	case integration.Intended != "ENABLED":
		return fmt.Errorf("%s is %s: activate it in the organization's list of integrations", called, strings.ToLower(integration.Intended))
	case integration.Reported.Code == "ERROR":
		return fmt.Errorf("%s reports an error: look at its details in the organization's list of integrations", called)
	}
	if answer, err = client.Get(ctx, path+"/config/current", nil); err != nil {
		return fmt.Errorf("configuration of %s: %w", called, err)
	}
	var config struct {
		Properties  any                        `json:"properties"`
		Credentials map[string]json.RawMessage `json:"credentials"`
	}
	if err := json.Unmarshal(answer, &config); err != nil {
		return fmt.Errorf("configuration of %s: %w", called, err)
	}
	if names := bucketNames(config.Properties, false); !slices.Contains(names, bucket) {
		return fmt.Errorf("%s writes into %s, and the destination is bucket %s: they must be the same", called, orNone(names), bucket)
	}
	if len(config.Credentials) == 0 {
		return fmt.Errorf("%s has no credentials: give it the role by which it writes into bucket %s", called, bucket)
	}
	return nil
}

// bucketNames are the texts below properties that name a bucket; how exactly
// they are called is not documented.
func bucketNames(value any, named bool) (names []string) {
	switch v := value.(type) {
	case map[string]any:
		for key, inner := range v {
			names = append(names, bucketNames(inner, named || strings.Contains(strings.ToLower(key), "bucket"))...)
		}
	case []any:
		for _, inner := range v {
			names = append(names, bucketNames(inner, named)...)
		}
	case string:
		v = strings.TrimPrefix(strings.TrimPrefix(v, "s3://"), "arn:aws:s3:::")
		if v, _, _ = strings.Cut(v, "/"); named && v != "" {
			names = append(names, v)
		}
	}
	slices.Sort(names)
	return names
}

func orNone(names []string) string {
	if len(names) == 0 {
		return "no bucket that its configuration names"
	}
	return "bucket " + strings.Join(names, ", ")
}

// CheckFolder says whether what the platform writes for an organization can be
// found: the destination must be the bucket, and its folder there be listed.
func CheckFolder(ctx context.Context, destination exporter.Sink, organization string) error {
	bucket, ok := destination.(exporter.Neighbour)
	if !ok {
		return errors.New("recordings.method bulk: the platform writes into an S3 bucket, so that the destination must be that bucket: set destination.url to s3://bucket/prefix, or recordings.method to pull")
	}
	for _, err := range bucket.Beside(ctx, organization+"/") {
		return err
	}
	return nil
}
