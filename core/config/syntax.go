package config

// Finds mistakes in JSON text, with their position. encoding/json does not notice
// duplicate keys, and does not say on which line a mistake is.

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// checkSyntax reports whether text is exactly one JSON value, without duplicate keys.
// The error begins with path:line:column.
func checkSyntax(path string, text []byte) error {
	offset, err := firstMistake(text)
	if err == nil {
		return nil
	}
	line, column := position(text, offset)
	return fmt.Errorf("%s:%d:%d: %w", path, line, column, err)
}

// firstMistake returns the byte offset of the first mistake, and what is wrong.
func firstMistake(text []byte) (int, error) {
	decoder := jsontext.NewDecoder(bytes.NewReader(text))
	_, err := decoder.ReadValue()

	var syntax *jsontext.SyntacticError
	switch {
	case errors.As(err, &syntax):
		offset := int(syntax.ByteOffset)
		if errors.Is(err, jsontext.ErrDuplicateName) {
			return offset, fmt.Errorf("%w %q", syntax.Err, syntax.JSONPointer.LastToken())
		}
		return offset, syntax.Err
	case errors.Is(err, io.EOF):
		return len(text), errors.New("wanted a JSON value, got an empty file")
	case err != nil:
		return 0, err
	}

	rest := bytes.TrimLeft(text[decoder.InputOffset():], " \t\r\n")
	if len(rest) > 0 {
		return len(text) - len(rest), errors.New("wanted the end of the file after the JSON value, got more")
	}
	return 0, nil
}

// position converts a byte offset to the line and the column that an editor shows. Both
// count from 1; columns count characters.
func position(text []byte, offset int) (line, column int) {
	before := text[:min(offset, len(text))]
	start := bytes.LastIndexByte(before, '\n') + 1
	return bytes.Count(before, []byte{'\n'}) + 1, utf8.RuneCount(before[start:]) + 1
}

// kind is the type of a JSON value for an error message. The value itself is not shown,
// because it may be a key.
func kind(value json.RawMessage) string {
	switch jsontext.Value(value).Kind() {
	case jsontext.KindNull:
		return "null"
	case jsontext.KindTrue, jsontext.KindFalse:
		return "a boolean"
	case jsontext.KindString:
		return "a string"
	case jsontext.KindNumber:
		return "a number"
	case jsontext.KindBeginObject:
		return "an object"
	case jsontext.KindBeginArray:
		return "a list"
	}
	return "nothing"
}
