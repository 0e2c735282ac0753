package rpcjson

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"sync"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// A Scanner reads the JSON of a frame once and returns its values as parts of the
// frame. If an object has a name twice, the last value counts, as in Python. A string
// may contain half of a surrogate pair, which Python sends, but no bytes that are not
// UTF-8: those would be sent on as broken JSON.
type Scanner struct {
	text []byte // the text in the form that dec reads, with the same offsets
	src  bytes.Buffer
	dec  *jsontext.Decoder
}

var (
	scanners    = sync.Pool{New: func() any { return &Scanner{dec: jsontext.NewDecoder(new(bytes.Buffer))} }}
	scanOptions = []jsontext.Options{jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true)}

	errNotUTF8  = errors.New("wanted UTF-8")
	errTrailing = errors.New("wanted one JSON value, got more")
)

// Object calls member for every member of the object text, with its name in quotes;
// member must read the value. It reports whether text is an object; the error is that
// it is not JSON.
func Object(text []byte, member func(s *Scanner, name []byte) error) (object bool, err error) {
	if !utf8.Valid(text) {
		return false, errNotUTF8
	}
	s := scanners.Get().(*Scanner)
	defer func() {
		s.text, s.src = nil, bytes.Buffer{}
		scanners.Put(s)
	}()
	s.text, s.src = text, *bytes.NewBuffer(standard(text))
	s.dec.Reset(&s.src, scanOptions...)
	object = s.IsObject()
	if object {
		_, err = s.Members(member)
	} else {
		_, err = s.Value()
	}
	if err != nil {
		return object, err
	}
	if _, err := s.dec.ReadToken(); !errors.Is(err, io.EOF) {
		return object, errTrailing
	}
	return object, nil
}

// IsObject reports whether the next value is an object.
func (s *Scanner) IsObject() bool { return s.dec.PeekKind() == '{' }

// Members calls member for every member of the next value, an object, as in [Object],
// and returns the object's text.
func (s *Scanner) Members(member func(s *Scanner, name []byte) error) (json.RawMessage, error) {
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

// plainName is a quoted name without unnecessary escapes.
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

// Value reads the next value.
func (s *Scanner) Value() (json.RawMessage, error) {
	value, err := s.dec.ReadValue()
	if err != nil {
		return nil, err
	}
	return s.since(int(s.dec.InputOffset()) - len(value)), nil
}

// since is the text from start to the current position.
func (s *Scanner) since(start int) json.RawMessage {
	end := int(s.dec.InputOffset())
	return s.text[start:end:end]
}
