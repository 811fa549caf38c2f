package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"exitplan/exporter"
	"exitplan/internal/dataset"
	"exitplan/internal/genesys"
	"exitplan/internal/sink"
)

// statusUnknown: it cannot be told.
const statusUnknown = "unknown"

// So many permissions are named on a line.
const mostNamed = 8

// checkPermissions holds what the selected datasets need against what every
// client has. What is missing stops nothing: it becomes an exception.
func (s *session) checkPermissions(held permissions) finding {
	catalogue := slices.DeleteFunc(dataset.Catalogue(), func(info exporter.Info) bool { return !contains(s.names, info.Name) })
	for i := range catalogue {
		if s.bulk() && catalogue[i].Name == dataset.RecordingsName {
			catalogue[i].Permissions = append(slices.Clone(catalogue[i].Permissions), dataset.JobPermissions...)
		}
	}
	var missing, narrow, unsure []string
	needed := inOrder(catalogue)
	for _, p := range needed {
		switch r, known := held.reach(p); {
		case r == nowhere && known:
			missing = append(missing, p+wanting(catalogue, p))
		case !known && r < inDivisions:
			unsure = append(unsure, p)
		case known && r < everywhere:
			narrow = append(narrow, p)
		}
	}
	f := ok("permissions", plural(int64(len(s.names)), "dataset needs ", "datasets need ")+
		plural(int64(len(needed)), "permission", "permissions"))
	role := "exitplan datasets --role" + selectFlags(s.cfg.Source.Datasets)
	if len(missing)+len(narrow)+len(unsure) == 0 {
		f.Detail += ", and all are granted"
		return f
	}
	f.Status = string(sink.Warning)
	if len(missing) > 0 {
		f.Detail += fmt.Sprintf("; %d missing: %s", len(missing), fewOf(missing))
	}
	if len(narrow) > 0 {
		f.Detail += fmt.Sprintf("; %d not for all divisions, and what lies in the others is silently absent: %s", len(narrow), fewOf(narrow))
	}
	f.Hint = "grant them to the client's role, in all divisions: " + role
	if len(unsure) > 0 {
		f.Detail += fmt.Sprintf("; whether the client has %d of them cannot be told: %v", len(unsure), held.err())
		if len(missing)+len(narrow) == 0 {
			f.Status, f.Hint = statusUnknown, "grant authorization:role:view to have them checked; the role that is needed: "+role
		}
	}
	return f
}

// inOrder are the permissions that datasets need, each once: what conversations
// and recordings need comes first.
func inOrder(catalogue []exporter.Info) (list []string) {
	for _, info := range catalogue {
		for _, p := range info.Permissions {
			if !contains(list, p) {
				list = append(list, p)
			}
		}
	}
	return list
}

// wanting names the datasets that need a permission, in few words.
func wanting(catalogue []exporter.Info, permission string) string {
	var names []string
	for _, info := range catalogue {
		if contains(info.Permissions, permission) {
			names = append(names, info.Name)
		}
	}
	if len(names) > 1 {
		return fmt.Sprintf(" (%s and %d more)", names[0], len(names)-1)
	}
	return " (" + strings.Join(names, "") + ")"
}

// fewOf names the first of a list, and says how many more there are.
func fewOf(names []string) string {
	if more := len(names) - mostNamed; more > 0 {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:mostNamed], ", "), more)
	}
	return strings.Join(names, ", ")
}

// checkSensitive says what becomes of recordings with sensitive data. Whether
// the organization redacts them, the platform does not tell.
func checkSensitive(held permissions) finding {
	f := ok("sensitive data", "recordings with PCI or PII data are seen as they are")
	switch held.sensitive() {
	case dataset.SensitiveShown:
	case dataset.SensitiveHidden:
		f.Status = string(sink.Warning)
		f.Detail = "if the organization redacts, which the platform does not tell, recordings with PCI or PII data are left out or redacted"
		f.Hint = "grant " + dataset.SensitivePermission + " to the client's role, to have them as they are"
	default:
		f.Status = statusUnknown
		f.Detail = "whether the client has " + dataset.SensitivePermission + ", in all divisions, cannot be told"
		f.Hint = "without it, and where the organization redacts, recordings with PCI or PII data are left out or redacted"
	}
	return f
}

// checkLimits says how fast requests may be sent, and how long signed URLs live.
func (s *session) checkLimits(ctx context.Context) finding {
	source := s.cfg.Source
	f := ok("limits", "")
	rate, limit, err := source.RequestsPerMinute, 0, error(nil)
	if limit, err = s.rateLimit(ctx); err != nil {
		f.Status = statusUnknown
		f.Detail = fmt.Sprintf("the organization's rate limit could not be read (%v)", err)
	} else {
		f.Detail = fmt.Sprintf("the organization allows each token %s requests a minute", count(int64(limit)))
		rate = min(rate, limit)
	}
	f.Detail += fmt.Sprintf("; %s a minute are sent: %s by %s, less %.0f%% left free",
		count(int64(float64(rate*len(s.clients))*(1-source.Headroom))), count(int64(rate)),
		plural(int64(len(s.clients)), "client", "clients each"), source.Headroom*100)
	if rate < source.RequestsPerMinute {
		f.Hint = fmt.Sprintf("source.requests_per_minute: %d is lowered to the limit", source.RequestsPerMinute)
	}
	if contains(s.names, dataset.RecordingsName) {
		f.Detail += "; " + s.lifetimes(ctx)
	}
	return f
}

// lifetimes says how long the URLs of recordings can be used.
func (s *session) lifetimes(ctx context.Context) string {
	answer, err := s.clients[0].Get(ctx, "/api/v2/recording/settings", nil)
	var settings struct {
		Batch int `json:"recordingBatchDownloadUrlTtl"`
	}
	switch {
	case errors.Is(err, genesys.ErrNotFound):
		return "URLs of recordings live as long as is usual, an hour"
	case err != nil || json.Unmarshal(answer, &settings) != nil || settings.Batch <= 0:
		return "how long URLs of recordings live is not known"
	}
	return "URLs of recordings live " + plural(int64(settings.Batch), "minute", "minutes")
}
