package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"exitplan/internal/dataset"
	"exitplan/internal/genesys"
)

// permissions is what the OAuth clients may do, each by its own account.
type permissions []holder

// holder is what one client may do. Where not all could be read, err says why,
// and what no grant gives may be held all the same.
type holder struct {
	grants []grant
	err    error
}

// grant is one entry of a role that a client has.
type grant struct {
	domain, entity string   // "*" for any
	actions        []string // "*" for any
	plain          string   // instead of them: an old permission, of one word
	reach          extent
}

// extent is for what a permission is held.
type extent int

const (
	nowhere     extent = iota
	onCondition        // for what a condition of the role lets through
	inDivisions        // for what lies in some divisions
	everywhere
)

func (g grant) gives(permission string) bool {
	part := strings.SplitN(permission, ":", 3)
	if len(part) < 3 || g.plain != "" {
		return g.plain == permission
	}
	return like(g.domain, part[0]) && like(g.entity, part[1]) &&
		slices.ContainsFunc(g.actions, func(action string) bool { return like(action, part[2]) })
}

func like(pattern, name string) bool { return pattern == "*" || strings.EqualFold(pattern, name) }

func (h holder) reach(permission string) (best extent, known bool) {
	for _, g := range h.grants {
		if g.gives(permission) {
			best = max(best, g.reach)
		}
	}
	return best, best == everywhere || h.err == nil
}

// reach is how far every client's permission reaches: units are dealt out over
// all of them. It is known where what cannot be read would change nothing.
func (p permissions) reach(permission string) (least extent, known bool) {
	if len(p) == 0 {
		return nowhere, false
	}
	least, known = everywhere, true
	for _, h := range p {
		r, sure := h.reach(permission)
		if r == nowhere && sure {
			return nowhere, true
		}
		least, known = min(least, r), known && sure
	}
	return least, known
}

// sensitive says whether the clients see recordings with sensitive data as they
// are: all of them, in every division. Where that is not known, nobody may claim
// that anything is withheld.
func (p permissions) sensitive() dataset.Sensitive {
	switch r, known := p.reach(dataset.SensitivePermission); {
	case r == everywhere && known:
		return dataset.SensitiveShown
	case r == nowhere && known:
		return dataset.SensitiveHidden
	}
	return dataset.SensitiveUnknown
}

// err is why not all could be read; nil if it was.
func (p permissions) err() error {
	for _, h := range p {
		if h.err != nil {
			return h.err
		}
	}
	return nil
}

// sensitive asks for the clients' permissions, and says the same.
func (s *session) sensitive(ctx context.Context) dataset.Sensitive {
	p := s.readPermissions(ctx)
	seen := p.sensitive()
	if seen == dataset.SensitiveUnknown {
		s.log.Info("whether sensitive recordings are shown is not known", "permission", dataset.SensitivePermission, "error", p.err())
	}
	return seen
}

func (s *session) readPermissions(ctx context.Context) permissions {
	var p permissions
	for _, client := range s.clients {
		p = append(p, readHolder(ctx, client))
	}
	return p
}

// readHolder asks what the client's token is good for, and what its roles grant.
func readHolder(ctx context.Context, client *genesys.Client) (h holder) {
	fail := func(err error) {
		if h.err == nil {
			h.err = fmt.Errorf("OAuth client %s: %w", client.ID(), err)
		}
	}
	answer, err := client.Get(ctx, "/api/v2/tokens/me", nil)
	if err != nil {
		fail(err)
		return h
	}
	var token struct {
		OAuthClient struct {
			RoleDivisions []struct{ RoleID, DivisionID string }
		}
	}
	if err := json.Unmarshal(answer, &token); err != nil || len(token.OAuthClient.RoleDivisions) == 0 {
		fail(fmt.Errorf("tokens/me names no role: %.200q", answer))
	}
	divisions := map[string][]string{}
	var roles []string
	for _, in := range token.OAuthClient.RoleDivisions {
		if divisions[in.RoleID] == nil {
			roles = append(roles, in.RoleID)
		}
		divisions[in.RoleID] = append(divisions[in.RoleID], in.DivisionID)
	}
	for _, id := range roles {
		grants, err := readRole(ctx, client, id)
		if err != nil {
			fail(err)
		}
		for _, g := range grants {
			if !contains(divisions[id], "*") {
				g.reach = min(g.reach, inDivisions)
			}
			h.grants = append(h.grants, g)
		}
	}
	return h
}

// readRole reads what a role grants, as if it were granted in all divisions.
func readRole(ctx context.Context, client *genesys.Client, id string) (grants []grant, err error) {
	if id == "" {
		return nil, errors.New("tokens/me gives a role without its id")
	}
	answer, err := client.Get(ctx, "/api/v2/authorization/roles/"+url.PathEscape(id), nil)
	if err != nil {
		return nil, err
	}
	var role struct {
		Permissions        []string
		PermissionPolicies []struct {
			Domain, EntityName    string
			ActionSet             []string
			ResourceConditionNode json.RawMessage
		}
	}
	if err := json.Unmarshal(answer, &role); err != nil || role.Permissions == nil && role.PermissionPolicies == nil {
		return nil, fmt.Errorf("role %s does not say what it grants: %.200q", id, answer)
	}
	for _, p := range role.PermissionPolicies {
		g := grant{domain: p.Domain, entity: p.EntityName, actions: p.ActionSet, reach: everywhere}
		if node := string(p.ResourceConditionNode); node != "" && node != "null" && node != "{}" {
			g.reach = onCondition
		}
		grants = append(grants, g)
	}
	for _, plain := range role.Permissions {
		g := grant{plain: plain, reach: everywhere}
		if part := strings.SplitN(plain, ":", 3); len(part) == 3 {
			g = grant{domain: part[0], entity: part[1], actions: part[2:], reach: everywhere}
		}
		grants = append(grants, g)
	}
	return grants, nil
}
