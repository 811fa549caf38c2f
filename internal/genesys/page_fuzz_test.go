package genesys

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/go-json-experiment/json/jsontext"
)

// Whatever comes, a page is either refused, or its rows are the elements of
// the array as a whole-answer parser finds them.
func FuzzReadPage(f *testing.F) {
	for _, seed := range []string{
		`{"rows":[{"a":1},{"b":[1,2]}],"cursor":"c"}`, `{"cursor":"c","rows":[ 1 ,"x\n"]}`, `{"rows":null}`, `[1]`, `{`, ``,
		`{"rows":[{"a b" : "c\\\" d"}]} `, `{"rows":[1]}x`, "{\"rows\":[\"\xff\"]}", `{"rows":[],"rows":[2]}`, `<html>`,
	} {
		f.Add([]byte(seed), "rows")
		f.Add([]byte(seed), "")
	}
	f.Fuzz(func(t *testing.T, body []byte, array string) {
		rows := 0
		keep := bytes.Clone(body)
		fields, err := readPage(iotest.OneByteReader(bytes.NewReader(body)), array, func(row json.RawMessage) error {
			rows++
			if bytes.ContainsAny(row, "\n\r") {
				t.Errorf("row %q has more than one line", row)
			}
			if !jsontext.Value(row).IsValid(jsonOptions...) {
				t.Errorf("row %q is no JSON", row)
			}
			if again := jsontext.Value(bytes.Clone(row)); again.Compact() != nil || !bytes.Equal(again, row) {
				t.Errorf("row %q is not compact", row)
			}
			return nil
		})
		if !bytes.Equal(body, keep) {
			t.Error("the input was changed")
		}
		if err != nil {
			if !errors.Is(err, ErrBadAnswer) {
				t.Errorf("error is %v", err)
			}
			return
		}
		if !jsontext.Value(body).IsValid(jsonOptions...) {
			t.Errorf("%q is taken for a page", body)
		}
		var whole map[string]json.RawMessage
		if strings.HasPrefix(strings.TrimSpace(string(body)), "{") && json.Unmarshal(body, &whole) == nil && array != "" {
			for name := range fields {
				// encoding/json replaces what is no UTF-8, as does the reader.
				if _, ok := whole[name]; !ok && json.Valid(body) {
					t.Errorf("field %q came from nowhere", name)
				}
			}
			if bytes.Count(body, []byte(array)) == 1 && len(array) > 3 {
				var list []json.RawMessage
				if json.Unmarshal(whole[array], &list) == nil && len(list) != rows {
					t.Errorf("%d rows, not %d", rows, len(list))
				}
			}
		}
	})
}

func TestErrorsOfTheBodyAreNotTheJSONs(t *testing.T) {
	broken := errors.New("connection reset")
	for _, start := range []string{``, `{`, `{"rows"`, `{"rows":[`, `{"rows":[{"a":1},`, `{"rows":[]`, `{"rows":[]}`} {
		_, err := readPage(io.MultiReader(strings.NewReader(start), iotest.ErrReader(broken)), "rows", func(json.RawMessage) error { return nil })
		if !errors.Is(err, broken) || errors.Is(err, ErrBadAnswer) {
			t.Errorf("%q and then a broken connection: %v", start, err)
		}
	}
}

// A value that never ends is given up before it fills the memory.
func TestEndlessAnswer(t *testing.T) {
	const limit = 1 << 20
	for _, start := range []string{`{"rows":[1],"x":"`, `{"x":[`, `{"rows":[1,"`, `{"rows":[{"a":`, `{`, ``} {
		n := 0
		endless := readerFunc(func(p []byte) (int, error) {
			for i := range p {
				p[i] = ' '
			}
			n += len(p)
			return len(p), nil
		})
		_, err := readPageWithin(limit, limit, io.MultiReader(strings.NewReader(start), endless), "rows", func(json.RawMessage) error { return nil })
		if !errors.Is(err, ErrTooLarge) || n > 3*limit {
			t.Errorf("%q and spaces without end: %v after %d bytes", start, err, n)
		}
	}
}

type readerFunc func(p []byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

func BenchmarkReadPage(b *testing.B) {
	row := `{"conversationId":"6d4b7f6e-33a5-4a13-9c3c-2b9e3b0f3a1c","participants":[` + strings.Repeat(`{"sessions":[{"mediaType":"voice","segments":[{"segmentStart":"2026-03-04T05:06:07.000Z","wrapUpNote":"called back twice"}]}]},`, 30) + `{}]}`
	page := []byte(`{"conversations":[` + strings.Repeat(row+",", 999) + row + `],"cursor":"c"}`)
	b.SetBytes(int64(len(page)))
	for b.Loop() {
		if _, err := readPage(bytes.NewReader(page), "conversations", func(json.RawMessage) error { return nil }); err != nil {
			b.Fatal(err)
		}
	}
}
