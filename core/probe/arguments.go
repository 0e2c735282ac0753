package probe

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"
	"unicode/utf8"

	"avescript/core/rpcjson"
)

const (
	fromInput = "-"
	fromFile  = "@"

	// maxInput is the largest input that becomes an argument, in bytes. It is more
	// than a service takes by default.
	maxInput = 64 << 20
)

// Arguments are those of a call, each as JSON.
type Arguments struct {
	vargs  []json.RawMessage
	kwargs map[string]json.RawMessage
}

// ReadArguments makes arguments of the words of a command line: values, and NAME=VALUE in
// keywords. A value is JSON, or a string if it is not valid JSON. "-" is the JSON in input.
// "@FILE" is the JSON in a file, or its text if that is not valid JSON. "@@TEXT" is the
// string "@TEXT".
func ReadArguments(words, keywords []string, input io.Reader) (Arguments, error) {
	args := Arguments{kwargs: map[string]json.RawMessage{}}
	r := reader{input: input}
	for _, word := range words {
		value, err := r.value(word)
		if err != nil {
			return args, err
		}
		args.vargs = append(args.vargs, value)
	}
	for _, keyword := range keywords {
		name, word, ok := strings.Cut(keyword, "=")
		if !ok || name == "" {
			return args, fmt.Errorf("wanted NAME=VALUE as a keyword argument, got %q", keyword)
		}
		value, err := r.value(word)
		if err != nil {
			return args, fmt.Errorf("keyword argument %s: %w", name, err)
		}
		args.kwargs[name] = value
	}
	return args, nil
}

// reader reads values. One of them may come from the input.
type reader struct {
	input io.Reader
	used  bool
}

// value is a word as JSON.
func (r *reader) value(word string) (json.RawMessage, error) {
	rest, marked := strings.CutPrefix(word, fromFile)
	switch {
	case word == fromInput:
		return r.fromInput()
	case marked && strings.HasPrefix(rest, fromFile):
		return quoted(rest), nil
	case marked:
		return readFile(rest)
	}
	return jsonOrText(word), nil
}

func (r *reader) fromInput() (json.RawMessage, error) {
	if r.used {
		return nil, errors.New("standard input is read for one argument only: remove the second -")
	}
	r.used = true
	text, err := readAll(r.input)
	switch {
	case err != nil:
		return nil, fmt.Errorf("cannot read standard input: %w", err)
	case !rpcjson.Valid(text):
		return nil, fmt.Errorf("standard input is not valid JSON: wanted one JSON value, got %s; to pass it as text, use @/dev/stdin", beginning(text))
	}
	return text, nil
}

func readFile(path string) (json.RawMessage, error) {
	if path == "" {
		return nil, errors.New("wanted @FILE, got @ without a file; the string is written as @@")
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, unread(path, err)
	}
	defer f.Close()
	text, err := readAll(f)
	switch {
	case err != nil:
		return nil, unread(path, err)
	case !utf8.Valid(text):
		return nil, fmt.Errorf("cannot send %s: wanted a file with JSON or text in UTF-8", path)
	}
	return jsonOrText(string(text)), nil
}

// unread says that a file could not be read, and how a string with an @ is written.
func unread(path string, err error) error {
	var pathErr *fs.PathError
	if errors.As(err, &pathErr) {
		err = pathErr.Err
	}
	return fmt.Errorf("cannot read %s: %w; for the string %q write @@%s", path, err, fromFile+path, path)
}

func readAll(r io.Reader) ([]byte, error) {
	text, err := io.ReadAll(io.LimitReader(r, maxInput+1))
	if err == nil && len(text) > maxInput {
		err = fmt.Errorf("it is longer than %d MiB", maxInput>>20)
	}
	return text, err
}

// beginning is how an input begins, for a message.
func beginning(text []byte) string {
	const shown = 40
	switch {
	case len(text) == 0:
		return "nothing"
	case len(text) > shown:
		return fmt.Sprintf("%q...", text[:shown])
	}
	return fmt.Sprintf("%q", text)
}

func jsonOrText(word string) json.RawMessage {
	if rpcjson.Valid([]byte(word)) {
		return json.RawMessage(word)
	}
	return quoted(word)
}

func quoted(text string) json.RawMessage {
	q, _ := json.Marshal(text) // cannot fail for a string
	return q
}

// positional and keyword write values that encoding/json refuses: NaN and the infinities.
func (a *Arguments) positional() json.RawMessage {
	text := []byte{'['}
	for i, value := range a.vargs {
		if i > 0 {
			text = append(text, ',')
		}
		text = append(text, value...)
	}
	return append(text, ']')
}

func (a *Arguments) keyword() json.RawMessage {
	text := []byte{'{'}
	for i, name := range slices.Sorted(maps.Keys(a.kwargs)) {
		if i > 0 {
			text = append(text, ',')
		}
		text = append(append(append(text, quoted(name)...), ':'), a.kwargs[name]...)
	}
	return append(text, '}')
}
