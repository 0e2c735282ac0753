package control

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"sync"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// A scanner walks once over the JSON of a frame and gives out its values as
// parts of the frame. A name that an object has twice counts with its last
// value, as it does for Python. A string may have half of a surrogate pair,
// which Python sends, but no bytes that are not UTF-8: those would go out
// again as broken JSON.
type scanner struct {
	text []byte
	src  bytes.Buffer
	dec  *jsontext.Decoder
}

var (
	scanners    = sync.Pool{New: func() any { return &scanner{dec: jsontext.NewDecoder(new(bytes.Buffer))} }}
	scanOptions = []jsontext.Options{jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true)}

	errNotUTF8  = errors.New("wanted UTF-8")
	errTrailing = errors.New("wanted one JSON value, got more")
)

// scanObject calls member for every member of the object that text is, with
// its name in quotes; member has to take the value. It reports whether text is
// an object at all, and an error only when it is no JSON.
func scanObject(text []byte, member func(s *scanner, name []byte) error) (object bool, err error) {
	if !utf8.Valid(text) {
		return false, errNotUTF8
	}
	s := scanners.Get().(*scanner)
	defer func() {
		s.text, s.src = nil, bytes.Buffer{}
		scanners.Put(s)
	}()
	s.text, s.src = text, *bytes.NewBuffer(text)
	s.dec.Reset(&s.src, scanOptions...)
	object = s.dec.PeekKind() == '{'
	if object {
		_, err = s.members(member)
	} else {
		_, err = s.value()
	}
	if err != nil {
		return object, err
	}
	if _, err := s.dec.ReadToken(); !errors.Is(err, io.EOF) {
		return object, errTrailing
	}
	return object, nil
}

// members walks over the object that comes next and gives back its text.
func (s *scanner) members(member func(s *scanner, name []byte) error) (json.RawMessage, error) {
	if _, err := s.dec.ReadToken(); err != nil {
		return nil, err
	}
	start := int(s.dec.InputOffset()) - len("{")
	for s.dec.PeekKind() != '}' {
		name, err := s.dec.ReadValue()
		if err != nil {
			return nil, err
		}
		if bytes.IndexByte(name, '\\') >= 0 {
			name = plainName(name)
		}
		if err := member(s, name); err != nil {
			return nil, err
		}
	}
	if _, err := s.dec.ReadToken(); err != nil {
		return nil, err
	}
	return s.since(start), nil
}

// plainName is a quoted name without the escapes that it doesn't need.
func plainName(name []byte) []byte {
	plain, err := jsontext.AppendUnquote(nil, name)
	if err != nil {
		return name
	}
	quoted, err := jsontext.AppendQuote(nil, plain)
	if err != nil {
		return name
	}
	return quoted
}

// value takes the value that comes next.
func (s *scanner) value() (json.RawMessage, error) {
	value, err := s.dec.ReadValue()
	if err != nil {
		return nil, err
	}
	return s.since(int(s.dec.InputOffset()) - len(value)), nil
}

// since is the text from start up to what has been taken.
func (s *scanner) since(start int) json.RawMessage {
	end := int(s.dec.InputOffset())
	return s.text[start:end:end]
}
