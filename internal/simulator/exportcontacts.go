package simulator

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"strconv"
)

// csvFile writes a table. A buffer takes everything.
func csvFile(header []string, rows func(yield func([]string) bool)) file {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	_ = w.Write(header)
	for row := range rows {
		_ = w.Write(row)
	}
	w.Flush()
	return file{"text/csv", b.Bytes()}
}

// oddValue is one of oddText as it reads, line breaks and quotes included.
func oddValue(r *random) (text string) {
	_ = json.Unmarshal([]byte(oddText[r.below(len(oddText))]), &text) // they are JSON
	return text
}

// contactsFile is the export of a contact list: its columns between the one that
// the platform puts first and two of those that it puts last.
func (s *Server) contactsFile(name string) (file, bool) {
	ordinal, stale, ok := s.listFile("outbound/contactlists", name)
	if !ok {
		return file{}, false
	}
	c := s.entities.byPath["outbound/contactlists"]
	var list struct{ ColumnNames []string }
	_ = json.Unmarshal(s.entities.appendEntity(nil, c, 0, ordinal, shape{}), &list) // it is JSON
	header := append(append([]string{"inin-outbound-id"}, list.ColumnNames...), "ContactCallable", "ZipCodeAutomaticTimeZone")
	return csvFile(header, func(yield func([]string) bool) {
		for i := range s.exportedRows(stale) {
			r := random{hash(s.cfg.Seed, 'C', uint64(ordinal), uint64(i))}
			row := []string{s.org.ids.make(kindOther, c.number, ordinal*s.cfg.ContactsPerList+i, 0).String()}
			for range list.ColumnNames {
				row = append(row, oddValue(&r))
			}
			if !yield(append(row, strconv.Itoa(r.below(2)), "Asia/Tokyo")) {
				return
			}
		}
	}), true
}

// dncList is what its row says of a do-not-call list.
type dncList struct{ DncSourceType, ContactMethod string }

func (l dncList) thirdParty() bool {
	return l.DncSourceType == "dnc.com" || l.DncSourceType == "gryphon"
}

func (s *Server) dncList(ordinal int) (l dncList) {
	_ = json.Unmarshal(s.entities.appendEntity(nil, s.entities.byPath["outbound/dnclists"], 0, ordinal, shape{}), &l) // it is JSON
	return l
}

// dncFile is the export of a do-not-call list, whose columns the definition does
// not tell.
func (s *Server) dncFile(name string) (file, bool) {
	ordinal, stale, ok := s.listFile("outbound/dnclists", name)
	if !ok {
		return file{}, false
	}
	column, entry := "phone", "+8190%08d"
	if s.dncList(ordinal).ContactMethod == "Email" {
		column, entry = "email", "用户+%d@例え.example"
	}
	return csvFile([]string{column, "expirationDate"}, func(yield func([]string) bool) {
		for i := range s.exportedRows(stale) {
			r := random{hash(s.cfg.Seed, 'D', uint64(ordinal), uint64(i))}
			expires := ""
			if r.chance(0.3) {
				expires = s.cfg.From.AddDate(0, 0, r.below(900)).Format(millis)
			}
			if !yield([]string{fmt.Sprintf(entry, ordinal*s.cfg.ContactsPerList+i), expires}) {
				return
			}
		}
	}), true
}
