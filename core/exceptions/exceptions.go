// Package exceptions has the errors that have a name on the wire.
//
// A service answers a failed call with a JSON object that carries a type, a
// message, a stack trace and any other details; a client raises it again as
// the same type. [Error] is that object. A [Class] is the name with its
// ancestors, so that a program can ask whether an error is an AveException
// without listing the types; errors.Is does it:
//
//	if errors.Is(err, exceptions.Timeout) { ... }
//
// A type that is not known here, because a service made it up, is kept with
// its details and counts as an AveException.
package exceptions

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Error is one exception, raised here or received from a peer.
type Error struct {
	Class   *Class
	Message string

	// Details are the other entries of the exception: values that
	// encoding/json can write. What came from a peer is json.RawMessage, so
	// that it can be passed on unchanged.
	Details map[string]any

	// Trace is where the error was raised, outermost call first. Nil means
	// that it has none; the wire keeps that apart from an empty one.
	Trace []Frame

	// Foreign is for what a service has raised and this program has received
	// as its client. An Exit has ended that service, and ends no other.
	Foreign bool

	cause error
}

// Frame is one line of a trace. On the wire it is an array of four.
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

// UnmarshalJSON reads [file, line, function, source]; a null source, as
// Python sends it for code without a file, is the empty string.
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

// Newf makes an error of class c without details and trace. The format is
// that of [fmt.Errorf], with %w.
func (c *Class) Newf(format string, args ...any) *Error {
	err := fmt.Errorf(format, args...)
	return &Error{Class: c, Message: err.Error(), cause: err}
}

// WithTrace sets where the error was raised and returns the error.
func (e *Error) WithTrace(trace []Frame) *Error {
	e.Trace = trace
	return e
}

// Error is the message alone. [Error.Text] is what a person should see.
func (e *Error) Error() string { return e.Message }

// Unwrap gives the error that was wrapped with %w, if any.
func (e *Error) Unwrap() error { return e.cause }

// Is reports whether target is the error's class or one of its ancestors, or
// another Error of just the same class and message.
func (e *Error) Is(target error) bool {
	switch t := target.(type) {
	case *Class:
		return e.Class.IsA(t)
	case *Error:
		return e.Class.Name == t.Class.Name && e.Message == t.Message
	}
	return false
}

// Text is the error as a person reads it: the message, for RunError the
// command, message and output, and then the trace of the other side.
func (e *Error) Text() string {
	text := e.Message
	if cmd, ok := e.Details["cmd"]; ok && e.Class.IsA(RunError) {
		text = fmt.Sprintf("%s:\n%s:\n%s", words(cmd), e.Message, words(e.Details["out"]))
	}
	if trace := e.FormatTrace(); trace != "" {
		text += "\n" + trace
	}
	return text
}

// FormatTrace is the trace in the form of a Python traceback, or "" when
// there is none.
func (e *Error) FormatTrace() string {
	if len(e.Trace) == 0 {
		return ""
	}
	var b strings.Builder
	b.WriteString("Server side traceback:")
	for _, f := range e.Trace {
		fmt.Fprintf(&b, "\n  File %q, line %d, in %s", f.File, f.Line, f.Func)
		if f.Source != "" {
			b.WriteString("\n    " + f.Source)
		}
	}
	return b.String()
}

// words shows a detail as text: a string as it is, a list of strings with
// blanks between, anything else as JSON.
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

// MarshalJSON writes the error as the protocol has it: message, type, trace
// and the details side by side in one object.
func (e *Error) MarshalJSON() ([]byte, error) {
	entries := maps.Clone(e.Details)
	if entries == nil {
		entries = map[string]any{}
	}
	entries["type"] = e.Class.Name
	entries["message"] = e.Message
	if e.Trace != nil {
		entries["trace"] = e.Trace
	}
	data, err := json.Marshal(entries)
	if err != nil {
		return nil, fmt.Errorf("details of %s: %w", e.Class.Name, err)
	}
	return data, nil
}

// Parse reads an exception as a service sends it: an object, or a bare string,
// which is an error of type Exception. A trace that is malformed is dropped
// rather than the error that it belongs to.
func Parse(data []byte) (*Error, error) {
	var message *string // which null leaves nil
	if json.Unmarshal(data, &message) == nil && message != nil {
		return &Error{Class: Exception, Message: *message}, nil
	}
	var entries map[string]json.RawMessage
	if err := json.Unmarshal(data, &entries); err != nil || entries == nil {
		return nil, fmt.Errorf("wanted a string or an object as exception, got %.200s", data)
	}
	e := &Error{Class: Exception}
	for _, key := range slices.Sorted(maps.Keys(entries)) {
		raw := entries[key]
		switch key {
		case "type":
			var name string
			if json.Unmarshal(raw, &name) == nil && name != "" {
				e.Class = Lookup(name)
			}
		case "message":
			e.Message = words(raw)
		case "trace":
			if json.Unmarshal(raw, &e.Trace) != nil {
				e.Trace = nil
			}
		default:
			if e.Details == nil {
				e.Details = map[string]any{}
			}
			e.Details[key] = raw
		}
	}
	return e, nil
}
