package tables

import (
	"bytes"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/parquet-go/parquet-go"
)

// decode reads JSON as leniently as it was kept.
func decode(raw []byte) *jsontext.Decoder {
	return jsontext.NewDecoder(bytes.NewBuffer(raw), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
}

// members calls fn with the members of an object, up to the first thing that
// cannot be read; there are none in anything else.
func members(object jsontext.Value, fn func(name string, value jsontext.Value)) {
	if object.Kind() != '{' {
		return
	}
	d := decode(object)
	if _, err := d.ReadToken(); err != nil {
		return
	}
	for d.PeekKind() == '"' {
		name, err := d.ReadToken()
		if err != nil {
			return
		}
		known := name.String()
		value, err := d.ReadValue()
		if err != nil {
			return
		}
		fn(known, value.Clone())
	}
}

// elements calls fn with the elements of an array, as members does; each is
// good until fn returns.
func elements(array jsontext.Value, fn func(value jsontext.Value)) {
	if array.Kind() != '[' {
		return
	}
	d := decode(array)
	if _, err := d.ReadToken(); err != nil {
		return
	}
	for d.PeekKind() != ']' {
		value, err := d.ReadValue()
		if err != nil {
			return
		}
		fn(value)
	}
}

// The definition levels of a list: it is there, it has elements, and one of
// them is no null.
const (
	listThere = iota + 1
	listFilled
	listElement
)

// appendColumn appends what a column holds of a member; null where the member
// is not there, or not of the column's kind.
func appendColumn(row parquet.Row, at int, k kind, value jsontext.Value) parquet.Row {
	if k != texts && k != wholes {
		return appendScalar(row, at, scalar(k, value))
	}
	if value.Kind() != '[' {
		return append(row, parquet.Value{}.Level(0, 0, at))
	}
	begun := len(row)
	elements(value, func(element jsontext.Value) {
		of, repetition := text, 1
		if k == wholes {
			of = whole
		}
		if len(row) == begun {
			repetition = 0
		}
		v := scalar(of, element)
		if v.IsNull() {
			row = append(row, v.Level(repetition, listFilled, at))
		} else {
			row = append(row, v.Level(repetition, listElement, at))
		}
	})
	if len(row) == begun {
		return append(row, parquet.Value{}.Level(0, listThere, at))
	}
	return row
}

func appendScalar(row parquet.Row, at int, v parquet.Value) parquet.Row {
	if v.IsNull() {
		return append(row, v.Level(0, 0, at))
	}
	return append(row, v.Level(0, 1, at))
}

// scalar is a member as a value of a kind, or null.
func scalar(k kind, value jsontext.Value) (null parquet.Value) {
	switch kind := value.Kind(); {
	case kind == 'n' || kind == 0: // or it is not there
	case k == flag && (kind == 't' || kind == 'f'):
		return parquet.BooleanValue(kind == 't')
	case k == whole && kind == '0':
		if n, ok := integer(string(value)); ok {
			return parquet.Int64Value(n)
		}
	case k == number && kind == '0':
		if n, err := strconv.ParseFloat(string(value), 64); err == nil {
			return parquet.DoubleValue(n)
		}
	case k == instant && kind == '"':
		return moment(unquoted(value))
	case k == text && kind == '"':
		return parquet.ByteArrayValue([]byte(unquoted(value)))
	case k == text || k == raw || k == object || k == objects:
		return parquet.ByteArrayValue([]byte(strings.ToValidUTF8(string(value), "\uFFFD")))
	}
	return null
}

// moment is a date-time as a value, or null.
func moment(s string) (null parquet.Value) {
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999"} { // without a zone it is UTC
		if t, err := time.Parse(layout, s); err == nil {
			return parquet.Int64Value(t.UnixMilli())
		}
	}
	return null
}

// integer reads a number without a fraction, however it is written.
func integer(s string) (int64, bool) {
	if n, err := strconv.ParseInt(s, 10, 64); err == nil {
		return n, true
	}
	f, err := strconv.ParseFloat(s, 64)
	return int64(f), err == nil && f == math.Trunc(f) && math.Abs(f) < 1<<53
}

// unquoted is the text of a JSON string; what is no character becomes U+FFFD.
func unquoted(value jsontext.Value) string {
	s, _ := jsontext.AppendUnquote(nil, value)
	return string(s)
}
