package simulator

import (
	"encoding/json"
	"fmt"
)

// filter is the part of the query language that the simulator speaks: the
// dimensions conversationId, conversationEnd and originatingDirection. Anything
// else is refused aloud, because ignoring a filter would answer another question.
type filter struct {
	groups []filterGroup
}

type filterGroup struct {
	Type       string      `json:"type"` // and, or
	Clauses    []clause    `json:"clauses"`
	Predicates []predicate `json:"predicates"`
}

type clause struct {
	Type       string      `json:"type"`
	Predicates []predicate `json:"predicates"`
}

type predicate struct {
	Type      string `json:"type"`
	Dimension string `json:"dimension"`
	Operator  string `json:"operator"`
	Value     string `json:"value"`
}

func parseFilter(raw []json.RawMessage) (*filter, error) {
	if len(raw) == 0 {
		return nil, nil
	}
	f := &filter{}
	for _, r := range raw {
		var g filterGroup
		if err := json.Unmarshal(r, &g); err != nil {
			return nil, err
		}
		if len(g.Clauses) > 0 {
			return nil, fmt.Errorf("the simulator knows no filter clauses")
		}
		for _, p := range g.Predicates {
			switch {
			case p.Dimension == "conversationEnd" && (p.Operator == "exists" || p.Operator == "notExists"):
			case p.Dimension == "conversationId" || p.Dimension == "originatingDirection":
				if p.Operator != "" && p.Operator != "matches" {
					return nil, fmt.Errorf("the simulator knows no operator %q on %s", p.Operator, p.Dimension)
				}
			default:
				return nil, fmt.Errorf("the simulator knows no filter on %q with operator %q", p.Dimension, p.Operator)
			}
		}
		f.groups = append(f.groups, g)
	}
	return f, nil
}

func (f *filter) matches(o *org, c conversation) bool {
	for _, g := range f.groups {
		if !g.matches(o, c) {
			return false
		}
	}
	return true
}

func (g filterGroup) matches(o *org, c conversation) bool {
	any := false
	for _, p := range g.Predicates {
		m := p.matches(o, c)
		if !m && g.Type != "or" {
			return false
		}
		any = any || m
	}
	return any || len(g.Predicates) == 0
}

func (p predicate) matches(o *org, c conversation) bool {
	switch p.Dimension {
	case "conversationEnd":
		return o.isOpen(c) == (p.Operator == "notExists")
	case "conversationId":
		return o.conversationID(c).String() == p.Value
	default:
		return o.direction(c) == p.Value
	}
}
