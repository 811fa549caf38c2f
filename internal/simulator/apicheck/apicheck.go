// Package apicheck holds a server's requests and answers against the platform's
// public API definition (Swagger 2.0): paths, methods, parameters, bodies,
// statuses, types, enumerations and names.
//
// It is for tests. Paths outside /api/v2/ are let through, for the definition
// does not describe them.
package apicheck

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
)

// Checker holds a definition. It may be used concurrently.
type Checker struct {
	paths       []path
	definitions map[string]*schema
	beyond      map[string]bool // templates
}

type path struct {
	template string
	segments []string // "" where a parameter stands
	methods  map[string]*operation
}

type operation struct {
	Summary    string              `json:"summary"`
	Parameters []parameter         `json:"parameters"`
	Responses  map[string]response `json:"responses"`
}

type parameter struct {
	schema
	Name        string  `json:"name"`
	In          string  `json:"in"`
	Required    bool    `json:"required"`
	Body        *schema `json:"schema"`
	Description string  `json:"description"`
}

// UnmarshalJSON keeps the parameter's own required, a boolean, apart from a
// schema's, a list.
func (p *parameter) UnmarshalJSON(raw []byte) error {
	var own struct {
		Name     string  `json:"name"`
		In       string  `json:"in"`
		Required bool    `json:"required"`
		Body     *schema `json:"schema"`
		Text     string  `json:"description"`
		Type     string  `json:"type"`
		Format   string  `json:"format"`
		Enum     []any   `json:"enum"`
		Items    *schema `json:"items"`
	}
	if err := json.Unmarshal(raw, &own); err != nil {
		return err
	}
	*p = parameter{
		schema: schema{Type: own.Type, Format: own.Format, Enum: own.Enum, Items: own.Items},
		Name:   own.Name, In: own.In, Required: own.Required, Body: own.Body, Description: own.Text,
	}
	return nil
}

type response struct {
	Schema *schema `json:"schema"`
}

// New reads the definition at a path of the file system. The error wraps
// fs.ErrNotExist when there is none. What is beyond are templates that the
// definition leaves out, and that are let through.
func New(definitionPath string, beyond ...string) (*Checker, error) {
	raw, err := os.ReadFile(definitionPath)
	if err != nil {
		return nil, fmt.Errorf("API definition: %w", err)
	}
	var doc struct {
		Swagger     string                           `json:"swagger"`
		Paths       map[string]map[string]*operation `json:"paths"`
		Definitions map[string]*schema               `json:"definitions"`
	}
	if err := json.Unmarshal(raw, &doc); err != nil {
		return nil, fmt.Errorf("API definition %s: %w", definitionPath, err)
	}
	if doc.Swagger != "2.0" || len(doc.Paths) == 0 {
		return nil, fmt.Errorf("API definition %s is not a Swagger 2.0 document with paths", definitionPath)
	}
	c := &Checker{definitions: doc.Definitions, beyond: map[string]bool{}}
	for template, operations := range doc.Paths {
		p := newPath(template)
		for method, op := range operations {
			p.methods[strings.ToUpper(method)] = op
		}
		c.paths = append(c.paths, p)
	}
	for _, template := range beyond {
		if doc.Paths[template] != nil {
			return nil, fmt.Errorf("API definition %s has %s, which was to be beyond it", definitionPath, template)
		}
		c.beyond[template] = true
		c.paths = append(c.paths, newPath(template))
	}
	return c, nil
}

func newPath(template string) path {
	p := path{template: template, segments: strings.Split(template, "/"), methods: map[string]*operation{}}
	for i, s := range p.segments {
		if strings.HasPrefix(s, "{") {
			p.segments[i] = ""
		}
	}
	return p
}

// find prefers the template with the most literal segments.
func (c *Checker) find(requested string) (best *path) {
	segments := strings.Split(requested, "/")
	most := -1
	for i := range c.paths {
		p := &c.paths[i]
		if len(p.segments) != len(segments) {
			continue
		}
		literal := 0
		for j, s := range p.segments {
			if s == "" && segments[j] != "" {
				continue
			}
			if s != segments[j] {
				literal = -1
				break
			}
			literal++
		}
		if literal > most {
			most, best = literal, p
		}
	}
	return best
}

// Wrap serves with h and reports whatever is not as defined. What is wrong with
// a request is reported only if the server accepted it, for tests send wrong
// ones on purpose. Bodies are held in memory. report may be called concurrently.
func (c *Checker) Wrap(h http.Handler, report func(error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasPrefix(r.URL.Path, "/api/v2/") {
			h.ServeHTTP(w, r)
			return
		}
		body, err := io.ReadAll(r.Body)
		if err != nil {
			report(fmt.Errorf("%s %s: reading the request: %w", r.Method, r.URL.Path, err))
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		answer := &recorder{ResponseWriter: w, status: http.StatusOK}
		h.ServeHTTP(answer, r)
		if err := c.check(r, body, answer); err != nil {
			report(fmt.Errorf("%s %s -> %d: %w", r.Method, r.URL.Path, answer.status, err))
		}
	})
}

func (c *Checker) check(r *http.Request, body []byte, answer *recorder) error {
	p := c.find(r.URL.Path)
	if p == nil {
		return errors.New("no such path in the definition")
	}
	if c.beyond[p.template] {
		return nil
	}
	op := p.methods[r.Method]
	if op == nil {
		return fmt.Errorf("%s has no such method in the definition", p.template)
	}
	var problems []error
	if answer.status < 400 {
		problems = append(problems, c.checkRequest(op, r, body)...)
	}
	return errors.Join(append(problems, c.checkAnswer(op, answer)...)...)
}

func (c *Checker) checkRequest(op *operation, r *http.Request, body []byte) (problems []error) {
	query := r.URL.Query()
	known := map[string]bool{}
	takesBody := false
	for _, p := range op.Parameters {
		switch p.In {
		case "query":
			known[p.Name] = true
			if p.Required && !query.Has(p.Name) {
				problems = append(problems, fmt.Errorf("query parameter %s is required", p.Name))
			}
			for _, value := range query[p.Name] {
				problems = append(problems, c.checkText(&p.schema, "query parameter "+p.Name, value)...)
			}
		case "body":
			takesBody = true
			if len(body) > 0 {
				problems = append(problems, c.checkJSON(p.Body, "request", body, false)...)
			} else if p.Required {
				problems = append(problems, errors.New("request: a body is required"))
			}
		}
	}
	for name := range query {
		if !known[name] {
			problems = append(problems, fmt.Errorf("query parameter %s is unknown", name))
		}
	}
	if len(body) > 0 && !takesBody {
		problems = append(problems, errors.New("request: no body is defined"))
	}
	return problems
}

// redirects says whether an operation's words speak of a redirect, for which the
// definition lists no answer.
func (op *operation) redirects() bool {
	words := op.Summary
	for _, p := range op.Parameters {
		words += " " + p.Name + " " + p.Description
	}
	return strings.Contains(strings.ToLower(words), "redirect")
}

func (c *Checker) checkAnswer(op *operation, answer *recorder) []error {
	if answer.status == http.StatusTemporaryRedirect && answer.Header().Get("Location") != "" && op.redirects() {
		return nil
	}
	defined, ok := op.Responses[fmt.Sprint(answer.status)]
	if !ok && answer.status >= 400 {
		defined, ok = op.Responses["default"]
	}
	if !ok {
		return []error{fmt.Errorf("status %d is not defined", answer.status)}
	}
	if defined.Schema == nil {
		if answer.body.Len() > 0 {
			return []error{errors.New("answer: no body is defined")}
		}
		return nil
	}
	if t := answer.Header().Get("Content-Type"); !strings.HasPrefix(t, "application/json") {
		return []error{fmt.Errorf("answer: content type %q", t)}
	}
	return c.checkJSON(defined.Schema, "answer", answer.body.Bytes(), true)
}

// recorder passes an answer on and keeps a copy.
type recorder struct {
	http.ResponseWriter
	status int
	body   bytes.Buffer
}

func (a *recorder) WriteHeader(status int) {
	a.status = status
	a.ResponseWriter.WriteHeader(status)
}

func (a *recorder) Write(b []byte) (int, error) {
	a.body.Write(b)
	return a.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController reach the connection.
func (a *recorder) Unwrap() http.ResponseWriter { return a.ResponseWriter }
