package apicheck

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// schema is the part of Swagger 2.0 that the definition uses.
type schema struct {
	Ref                  string             `json:"$ref"`
	Type                 string             `json:"type"`
	Format               string             `json:"format"`
	Enum                 []any              `json:"enum"`
	Required             []string           `json:"required"`
	Properties           map[string]*schema `json:"properties"`
	AdditionalProperties *schema            `json:"additionalProperties"`
	Items                *schema            `json:"items"`
}

// maxProblems bounds what one body reports: equal rows have equal mistakes.
const maxProblems = 20

func (c *Checker) checkJSON(s *schema, where string, raw []byte, answer bool) []error {
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	var value any
	if err := dec.Decode(&value); err != nil {
		return []error{fmt.Errorf("%s is not JSON: %w", where, err)}
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return []error{fmt.Errorf("%s goes on behind its JSON value", where)}
	}
	v := validation{checker: c, answer: answer}
	v.check(s, where, value)
	return v.problems
}

type validation struct {
	checker  *Checker
	answer   bool
	problems []error
}

func (v *validation) wrong(where, format string, args ...any) {
	if len(v.problems) < maxProblems {
		v.problems = append(v.problems, fmt.Errorf("%s: %s", where, fmt.Sprintf(format, args...)))
	}
}

// check follows references. null stands for an absent value, as the platform
// uses it.
func (v *validation) check(s *schema, where string, value any) {
	for s != nil && s.Ref != "" {
		name := strings.TrimPrefix(s.Ref, "#/definitions/")
		target, ok := v.checker.definitions[name]
		if !ok {
			v.wrong(where, "the definition %s does not exist", name)
			return
		}
		s = target
	}
	if s == nil || value == nil {
		return
	}
	switch s.Type {
	case "object", "":
		v.object(s, where, value)
	case "array":
		list, ok := value.([]any)
		if !ok {
			v.wrong(where, "%T where an array belongs", value)
			return
		}
		for i, item := range list {
			v.check(s.Items, fmt.Sprintf("%s[%d]", where, i), item)
		}
	default:
		v.scalar(s, where, value)
	}
}

func (v *validation) object(s *schema, where string, value any) {
	if s.Type == "" && s.Properties == nil {
		return // anything
	}
	members, ok := value.(map[string]any)
	if !ok {
		v.wrong(where, "%T where an object belongs", value)
		return
	}
	for _, name := range s.Required {
		if members[name] == nil {
			v.wrong(where, "%s is required", name)
		}
	}
	for name, member := range members {
		inner := where + "." + name
		switch property, known := s.Properties[name]; {
		case known:
			v.check(property, inner, member)
		case s.AdditionalProperties.any():
			// A map to Java's Object: texts, numbers and objects alike.
		case s.AdditionalProperties != nil:
			v.check(s.AdditionalProperties, inner, member)
		case s.Properties == nil:
			// An object of which nothing is said.
		case v.answer && strings.HasPrefix(name, "future"):
			// A field that the definition does not know yet, on purpose.
		default:
			v.wrong(where, "%s is unknown", name)
		}
	}
}

// any says that a map's values are called objects of which nothing is said.
func (s *schema) any() bool {
	return s != nil && s.Type == "object" && s.Ref == "" && s.Properties == nil && s.AdditionalProperties == nil
}

func (v *validation) scalar(s *schema, where string, value any) {
	switch one := value.(type) {
	case string:
		if s.Type != "string" {
			v.wrong(where, "the text %q where %s belongs", one, s.Type)
			return
		}
		if problem := format(s.Format, one); problem != "" {
			v.wrong(where, "%q is not %s", one, problem)
		}
	case json.Number:
		if s.Type != "number" && s.Type != "integer" {
			v.wrong(where, "the number %s where %s belongs", one, s.Type)
			return
		}
		if s.Type == "integer" {
			bits := 64
			if s.Format == "int32" {
				bits = 32
			}
			if _, err := strconv.ParseInt(one.String(), 10, bits); err != nil {
				v.wrong(where, "%s is no integer of %d bits", one, bits)
			}
		}
	case bool:
		if s.Type != "boolean" {
			v.wrong(where, "%v where %s belongs", one, s.Type)
		}
	default:
		v.wrong(where, "%T where %s belongs", value, s.Type)
		return
	}
	if len(s.Enum) > 0 && !slices.ContainsFunc(s.Enum, func(e any) bool { return fmt.Sprint(e) == fmt.Sprint(value) }) {
		v.wrong(where, "%v is not in the enumeration", value)
	}
}

// format says what a text should have been, or nothing.
func format(name, text string) string {
	switch name {
	case "date-time":
		if _, err := time.Parse(time.RFC3339, text); err != nil {
			return "a date-time"
		}
	case "date":
		if _, err := time.Parse(time.DateOnly, text); err != nil {
			return "a date"
		}
	case "uri":
		if _, err := url.Parse(text); err != nil {
			return "a URI"
		}
	case "interval":
		if strings.Count(text, "/") != 1 {
			return "an interval"
		}
	}
	return ""
}

// checkText checks a query parameter's value.
func (c *Checker) checkText(s *schema, where, text string) []error {
	v := validation{checker: c}
	switch s.Type {
	case "integer", "number":
		v.scalar(s, where, json.Number(text))
	case "boolean":
		if text != "true" && text != "false" {
			v.wrong(where, "%q where boolean belongs", text)
		}
	case "array":
		for item := range strings.SplitSeq(text, ",") {
			v.scalar(s.Items, where, item)
		}
	default:
		v.scalar(s, where, text)
	}
	return v.problems
}
