package genesys

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"github.com/go-json-experiment/json/jsontext"
)

// The API's JSON is kept as it is: repeated names and broken UTF-8 included.
var jsonOptions = []jsontext.Options{
	jsontext.AllowDuplicateNames(true),
	jsontext.AllowInvalidUTF8(true),
}

const (
	// The largest record that is read. Tens of MB have been seen.
	maxRow = 256 << 20
	// What the fields beside the records may hold together.
	maxFields = 64 << 20
)

// Page reads one page with GET and hands each element of its top-level array
// of that name to row, as compact JSON on one line: every field, their order,
// and the spelling of numbers and strings are those that the API sent. The
// bytes are valid only during the call. The other top-level fields are
// returned. An empty array name means that the answer itself is the array.
//
// Rows are handed on while they arrive. If the answer breaks off, the page is
// read again and row sees its rows again: callers drop those that they know.
// An error of row ends the call and is returned as it is.
//
// A missing array, and null, is one without elements.
func (c *Client) Page(ctx context.Context, path string, q url.Values, array string, row func(json.RawMessage) error) (fields map[string]json.RawMessage, err error) {
	return c.page(ctx, &exchange{method: http.MethodGet, path: path, query: q}, array, row)
}

func (c *Client) page(ctx context.Context, x *exchange, array string, row func(json.RawMessage) error) (fields map[string]json.RawMessage, err error) {
	x.take = func(status int, body io.Reader) error {
		fields, err = readPage(body, array, func(raw json.RawMessage) error {
			// Rows that are in the buffer already would go on for a while.
			if ctx.Err() != nil {
				return callerError{context.Cause(ctx)}
			}
			if err := row(raw); err != nil {
				return callerError{err}
			}
			return nil
		})
		return err
	}
	if err := c.do(ctx, x); err != nil {
		return nil, err
	}
	return fields, nil
}

// readPage reads one page from r. Errors wrap ErrBadAnswer if what came is
// not such a page, and ErrTooLarge if it is beyond all measure; others are
// those of r and row.
func readPage(r io.Reader, array string, row func(json.RawMessage) error) (map[string]json.RawMessage, error) {
	return readPageWithin(maxRow, maxFields, r, array, row)
}

func readPageWithin(maxRow, maxFields int64, r io.Reader, array string, row func(json.RawMessage) error) (map[string]json.RawMessage, error) {
	p := &pageReader{src: &source{r: r}, array: array, row: row, maxRow: maxRow, maxFields: maxFields}
	p.dec = jsontext.NewDecoder(p.src, jsonOptions...)
	fields, err := p.read()
	switch {
	case err == nil:
		return fields, nil
	case p.src.err != nil:
		// The body broke off; what the decoder makes of that is no matter.
		return nil, p.src.err
	}
	var syntax *jsontext.SyntacticError
	if errors.As(err, &syntax) || errors.Is(err, io.EOF) {
		if p.src.total == 0 {
			return nil, badAnswer(nil)
		}
		if len(fields) == 0 && p.rows == 0 && p.dec.StackDepth() == 0 {
			return nil, badAnswer(p.src.head)
		}
		return nil, fmt.Errorf("%w: no valid JSON: %s", ErrBadAnswer, oneLine(err.Error(), 200))
	}
	return nil, err
}

type pageReader struct {
	src   *source
	dec   *jsontext.Decoder
	array string
	row   func(json.RawMessage) error
	rows  int
	held  int64 // bytes of the fields kept

	maxRow, maxFields int64
}

func (p *pageReader) read() (map[string]json.RawMessage, error) {
	fields := map[string]json.RawMessage{}
	if p.array == "" {
		if err := p.elements(); err != nil {
			return nil, err
		}
		return fields, p.end()
	}
	p.src.allow(p.maxFields)
	open, err := p.dec.ReadToken()
	if err != nil {
		return fields, err
	}
	if open.Kind() != '{' {
		return fields, fmt.Errorf("%w: an object was expected, not %s", ErrBadAnswer, open.Kind())
	}
	for p.dec.PeekKind() != '}' {
		p.src.allow(p.maxFields)
		name, err := p.dec.ReadToken()
		if err != nil {
			return fields, err
		}
		// The token is valid only until the next read.
		key := name.String()
		if key == p.array {
			if err := p.elements(); err != nil {
				return fields, err
			}
			continue
		}
		value, err := p.dec.ReadValue()
		if err != nil {
			return fields, err
		}
		if p.held += int64(len(key) + len(value)); p.held > p.maxFields {
			return fields, errUnbounded
		}
		fields[key] = compact(value.Clone())
	}
	if _, err := p.dec.ReadToken(); err != nil {
		return fields, err
	}
	return fields, p.end()
}

// elements reads the array of the rows.
func (p *pageReader) elements() error {
	p.src.allow(p.maxRow)
	open, err := p.dec.ReadToken()
	if err != nil {
		return err
	}
	switch open.Kind() {
	case 'n':
		return nil
	case '[':
	default:
		return fmt.Errorf("%w: %q is no array but %s", ErrBadAnswer, p.array, open.Kind())
	}
	for p.dec.PeekKind() != ']' {
		p.src.allow(p.maxRow)
		value, err := p.dec.ReadValue()
		if err != nil {
			return err
		}
		p.rows++
		if err := p.row(json.RawMessage(compact(value))); err != nil {
			return err
		}
	}
	_, err = p.dec.ReadToken()
	return err
}

// end makes sure that nothing follows. A page is a page only once its end has
// been seen.
func (p *pageReader) end() error {
	p.src.allow(p.maxFields)
	switch _, err := p.dec.ReadToken(); {
	case err == nil:
		return fmt.Errorf("%w: something follows its end", ErrBadAnswer)
	case err != io.EOF:
		return err
	}
	return nil
}

var errUnbounded = fmt.Errorf("%w: a value of the answer is beyond all measure", ErrTooLarge)

// source feeds the decoder, which buffers one value at a time: it bounds how
// much it may take before the value ends, and keeps an error of the body
// apart from those of the JSON.
type source struct {
	r     io.Reader
	left  int64
	total int64
	head  []byte
	err   error
}

// allow grants so many bytes until it is called again.
func (s *source) allow(n int64) { s.left = n }

func (s *source) Read(p []byte) (int, error) {
	if s.left <= 0 {
		s.err = errUnbounded
		return 0, s.err
	}
	n, err := s.r.Read(p)
	if len(s.head) < 200 {
		s.head = append(s.head, p[:min(n, 200-len(s.head))]...)
	}
	s.left -= int64(n)
	s.total += int64(n)
	if err != nil && err != io.EOF {
		s.err = err
	}
	return n, err
}

// compact removes the white space between the tokens of a valid JSON value,
// in place. Nothing else is touched. (The library's Compact does the same but
// parses the value a second time.)
func compact(v []byte) []byte {
	n := 0 // v[:n] is done
	for i := 0; i < len(v); {
		// Up to the next string there are few bytes, and white space is rare.
		for ; i < len(v) && v[i] != '"'; i++ {
			if v[i] > ' ' {
				v[n] = v[i]
				n++
			}
		}
		end := i
		if i < len(v) {
			end = closing(v, i)
		}
		if n != i {
			copy(v[n:], v[i:end])
		}
		n += end - i
		i = end
	}
	return v[:n]
}

// closing is the index behind the string that begins at v[i].
func closing(v []byte, i int) int {
	for i++; ; {
		i += bytes.IndexByte(v[i:], '"')
		backslashes := 0
		for v[i-1-backslashes] == '\\' {
			backslashes++
		}
		i++
		if backslashes%2 == 0 {
			return i
		}
	}
}
