package main

import (
	"context"

	"exitplan/internal/dataset"
)

// sensitive says whether all clients see sensitive recordings as they are.
func (s *session) sensitive(context.Context) dataset.Sensitive { return dataset.SensitiveUnknown }
