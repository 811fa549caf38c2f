package main

import (
	"context"

	"exitplan/internal/dataset"
)

// sensitivity says whether all clients see sensitive recordings as they are.
func (s *session) sensitivity(context.Context) dataset.Sensitive { return dataset.SensitiveUnknown }
