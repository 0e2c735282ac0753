// Package exceptions contains the errors that have a name in the protocol.
//
// A service answers a failed call with a JSON object that has a type, a message, a
// stack trace and any other details; the client raises it again as the same type.
// [Error] is that object. A [Class] is the name with its ancestors, so that a program
// can ask whether an error is an AveException without listing all types, with
// errors.Is:
//
//	if errors.Is(err, exceptions.Timeout) { ... }
//
// A type that is unknown here, because it was defined by a service, is kept with its
// details and counts as an AveException.
package exceptions

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"avescript/core/printable"
	"avescript/core/rpcjson"
)

// Error is one exception, raised here or received from a peer.
type Error struct {
	Class   *Class
	Message string

	// Details are the other entries of the exception: values that encoding/json can
	// encode. Values from a peer are json.RawMessage, so that they can be passed on
	// unchanged.
	Details map[string]any

	// Trace is where the error was raised, outermost call first. Nil means that there
	// is none; the protocol distinguishes that from an empty trace.
	Trace []Frame

	// Foreign is true for an exception of a service that this program has received as
	// its client. A foreign Exit has ended that service, and does not end this one.
	Foreign bool

	cause error
}

// Frame is one line of a trace. In the protocol it is an array of four values.
type Frame struct {
	File   string
	Line   int
	Func   string
	Source string
}

// MarshalJSON writes the frame as [file, line, function, source].
func (f Frame) MarshalJSON() ([]byte, error) {
	return json.Marshal([]any{f.File, f.Line, f.Func, f.Source})
}

// UnmarshalJSON reads [file, line, function, source]; a null source, which Python sends
// for code without a file, becomes the empty string.
func (f *Frame) UnmarshalJSON(data []byte) error {
	var source *string
	entry := []any{&f.File, &f.Line, &f.Func, &source}
	if err := json.Unmarshal(data, &entry); err != nil {
		return fmt.Errorf("wanted [file, line, function, source] as an entry of a trace: %w", err)
	}
	if source != nil {
		f.Source = *source
	}
	return nil
}

// Newf creates an error of class c without details and trace. The format is that of
// [fmt.Errorf], including %w.
func (c *Class) Newf(format string, args ...any) *Error {
	err := fmt.Errorf(format, args...)
	return &Error{Class: c, Message: err.Error(), cause: err}
}

// WithTrace sets where the error was raised and returns the error.
func (e *Error) WithTrace(trace []Frame) *Error {
	e.Trace = trace
	return e
}

// Error is only the message. [Error.Text] is the text for a person.
func (e *Error) Error() string { return e.Message }

// Unwrap returns the error that was wrapped with %w, if any.
func (e *Error) Unwrap() error { return e.cause }

// Is reports whether target is the error's class or one of its ancestors, or another
// Error of the same class with the same message.
func (e *Error) Is(target error) bool {
	switch t := target.(type) {
	case *Class:
		return e.Class.IsA(t)
	case *Error:
		return e.Class.Name == t.Class.Name && e.Message == t.Message
	}
	return false
}

// Text is the error for a person: the message, for a RunError the command, message and
// output, and then the trace of the other side.
func (e *Error) Text() string {
	text := e.Message
	if e.Class.IsA(RunError) {
		text = e.runErrorText()
	}
	if trace := e.FormatTrace(); trace != "" {
		text += "\n" + trace
	}
	return text
}

// FormatTrace is the trace in the form of a Python traceback, or "" if there is none.
// It is safe to print.
func (e *Error) FormatTrace() string {
	if len(e.Trace) == 0 {
		return ""
	}
	var b strings.Builder
	b.WriteString("Server side traceback:")
	for _, f := range e.Trace {
		fmt.Fprintf(&b, "\n  File %q, line %d, in %s", f.File, f.Line, printable.Line(f.Func))
		if f.Source != "" {
			b.WriteString("\n    " + printable.Line(f.Source))
		}
	}
	return b.String()
}

// words converts a detail to text: a string as it is, a list of strings separated by
// blanks, anything else as JSON.
func words(detail any) string {
	raw, ok := detail.(json.RawMessage)
	if !ok {
		raw, _ = json.Marshal(detail)
	}
	var text string
	if json.Unmarshal(raw, &text) == nil {
		return text
	}
	var list []string
	if json.Unmarshal(raw, &list) == nil {
		return strings.Join(list, " ")
	}
	return string(raw)
}

// Encode encodes the error for the protocol: message, type, trace and details in one
// object, in the JSON of package rpcjson.
func (e *Error) Encode() ([]byte, error) {
	entries := maps.Clone(e.AllDetails())
	if entries == nil {
		entries = map[string]any{}
	}
	entries["type"] = e.Class.Name
	entries["message"] = e.Message
	if e.Trace != nil {
		entries["trace"] = e.Trace
	}
	text := []byte{'{'}
	for i, name := range slices.Sorted(maps.Keys(entries)) {
		if i > 0 {
			text = append(text, ',')
		}
		value, err := encodeDetail(entries[name])
		if err != nil {
			return nil, fmt.Errorf("details of %s: %s: %w", e.Class.Name, name, err)
		}
		// Quoting fails for text that is not UTF-8, but still writes it, with U+FFFD.
		text, _ = jsontext.AppendQuote(text, name)
		text = append(append(text, ':'), value...)
	}
	return append(text, '}'), nil
}

// encodeDetail does not change JSON of another program.
func encodeDetail(detail any) ([]byte, error) {
	if raw, ok := detail.(json.RawMessage); ok && rpcjson.Valid(raw) {
		return raw, nil
	}
	return json.Marshal(detail)
}

// MarshalJSON is [Error.Encode] for callers that need JSON without NaN; the details
// must not contain any then.
func (e *Error) MarshalJSON() ([]byte, error) { return e.Encode() }

// Parse reads an exception as a service sends it: an object, or a bare string, which
// means an error of type Exception. A malformed trace is dropped; the error is kept.
func Parse(data []byte) (*Error, error) {
	var message *string // null leaves it nil
	if json.Unmarshal(data, &message) == nil && message != nil {
		return &Error{Class: Exception, Message: *message}, nil
	}
	e := &Error{Class: Exception}
	object, err := rpcjson.Object(data, func(s *rpcjson.Scanner, name []byte) error {
		raw, err := s.Value()
		if err == nil {
			e.take(name, raw)
		}
		return err
	})
	if err != nil || !object {
		return nil, fmt.Errorf("wanted a string or an object as exception, got %.200s", data)
	}
	return e, nil
}

// take stores one entry of a received exception. Its name is in quotes.
func (e *Error) take(quoted []byte, raw json.RawMessage) {
	switch string(quoted) {
	case `"type"`:
		var name string
		if json.Unmarshal(raw, &name) == nil && name != "" {
			e.Class = Lookup(name)
		}
	case `"message"`:
		e.Message = words(raw)
	case `"trace"`:
		if json.Unmarshal(raw, &e.Trace) != nil {
			e.Trace = nil
		}
	default:
		if e.Details == nil {
			e.Details = map[string]any{}
		}
		name, _ := jsontext.AppendUnquote(nil, quoted)
		e.Details[string(name)] = raw
	}
}
