package simulator

import (
	"fmt"
	"iter"
	"net/http"
	"strings"
)

// numberedPage places the page that pageSize and pageNumber ask for. A larger
// size than the largest gives the largest.
func numberedPage(r *http.Request, most, total int) (*listingPage, string) {
	c := &collection{listing: listing{style: numbered, size: 25, most: most, clamp: true}}
	p := &listingPage{c: c, query: r.URL.Query(), path: r.URL.Path, total: total}
	if problem := p.readSize(); problem != "" {
		return nil, problem
	}
	return p, p.place(0)
}

// paging writes the members of a page beside its array.
func (w *record) paging(p *listingPage) {
	for _, name := range strings.Fields(usual[numbered]) {
		if value := p.member(name); value != "" {
			w.raw(`,"`).raw(name).raw(`":`).raw(value)
		}
	}
}

// page writes an array of some of the rows.
func (w *record) page(first, size int, rows iter.Seq[func(*record)]) {
	w.raw(`[`)
	n := 0
	for write := range rows {
		if n >= first+size {
			break
		}
		if n > first {
			w.raw(`,`)
		}
		if n >= first {
			write(w)
		}
		n++
	}
	w.raw(`]`)
}

// answerPage answers with one page of rows, by number.
func (s *Server) answerPage(w http.ResponseWriter, r *http.Request, most int, rows iter.Seq[func(*record)]) {
	total := 0
	for range rows {
		total++
	}
	page, problem := numberedPage(r, most, total)
	if problem != "" {
		badRequest(w, r, problem)
		return
	}
	answer := s.record(true)
	answer.raw(`{"entities":`)
	answer.page(page.first, page.size, rows)
	answer.paging(page)
	answer.raw(`}`)
	answer.send(w)
}

// postedPage is the paging of a search, in its body.
type postedPage struct{ PageSize, PageNumber *int }

// place finds the page's first row and size, or what is wrong with it.
func (p postedPage) place(most int) (first, size, number int, problem string) {
	size, number = 25, 1
	if p.PageSize != nil {
		size = *p.PageSize
	}
	if p.PageNumber != nil {
		number = *p.PageNumber
	}
	if size < 1 || size > most || number < 1 || number > maxPerDay {
		problem = fmt.Sprintf("pageSize must be between 1 and %d, and pageNumber starts at 1", most)
	}
	return (number - 1) * size, size, number, problem
}
