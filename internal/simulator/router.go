package simulator

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// router finds the handler of a request by patterns such as
// "GET /api/v2/users/{userId}/queues". Where several match, a literal segment
// comes before a place, from the left: the platform has paths such as
// quality/forms/evaluations/{formId} beside quality/forms/{formId}/versions,
// neither of which is more specific, as [http.ServeMux] wants one to be.
type router struct {
	routes map[string][]routed // by method and number of segments
	none   http.HandlerFunc    // for what no pattern matches
}

type routed struct {
	pattern  string
	segments []string // {name} where a place is
	serve    http.HandlerFunc
}

func (t *router) handle(pattern string, serve http.HandlerFunc) {
	method, path, _ := strings.Cut(pattern, " ")
	one := routed{pattern, strings.Split(path, "/"), serve}
	key := shapeOf(method, one.segments)
	t.routes[key] = append(t.routes[key], one)
	slices.SortStableFunc(t.routes[key], func(a, b routed) int {
		for i := range a.segments {
			if place := isPlace(a.segments[i]); place != isPlace(b.segments[i]) {
				return map[bool]int{true: 1, false: -1}[place]
			}
		}
		return 0
	})
}

func shapeOf(method string, segments []string) string { return fmt.Sprint(method, " ", len(segments)) }

func isPlace(segment string) bool { return strings.HasPrefix(segment, "{") }

// find gives the handler, its pattern ("/" where there is none), and sets the
// request's path values.
func (t *router) find(r *http.Request) (http.HandlerFunc, string) {
	segments := strings.Split(r.URL.EscapedPath(), "/")
	for _, one := range t.routes[shapeOf(r.Method, segments)] {
		if one.matches(segments) {
			for i, segment := range one.segments {
				if isPlace(segment) {
					value, _ := url.PathUnescape(segments[i]) // the URL was parsed
					r.SetPathValue(segment[1:len(segment)-1], value)
				}
			}
			return one.serve, one.pattern
		}
	}
	return t.none, "/"
}

func (r routed) matches(segments []string) bool {
	for i, segment := range r.segments {
		if segment != segments[i] && (!isPlace(segment) || segments[i] == "") {
			return false
		}
	}
	return true
}

func (t *router) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	serve, _ := t.find(r)
	serve(w, r)
}
