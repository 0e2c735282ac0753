package script

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"

	lua "github.com/yuin/gopher-lua"

	"avescript/core/printable"
	"avescript/lualib/bind"
	"avescript/lualib/vm"
)

// DebugVariable is the environment variable that makes [Report] show Go's stack for
// bugs in avescript, and the calls inside its own modules.
const DebugVariable = "AVESCRIPT_DEBUG"

// Report writes an uncaught error for a person: where it was raised, the message,
// the source line, the Lua stack, and the trace of the other side if it came from a
// service. v is the interpreter that the error comes from.
func Report(w io.Writer, v *vm.VM, err error, color bool) { Look{Color: color}.Report(w, v, err) }

// Look is how an error is reported.
type Look struct {
	Color bool

	// Object, if set, shows an error whose value is an error object, in place of its text
	// and of the trace of the other side: what it says, and in lines of their own its
	// details, "" for none. If what it says is "", the error is shown as usual.
	Object func(e *vm.Error) (message, details string)
}

// Report is the function [Report] with a look of its own.
func (l Look) Report(w io.Writer, v *vm.VM, err error) {
	r := report{style: style(l.Color), object: l.Object}
	var raised *vm.Error
	var malformed *syntaxError
	switch {
	case errors.As(err, &raised):
		r.raised(v, raised)
	case errors.As(err, &malformed):
		r.message(malformed.Error())
		r.source(malformed.err.Line, malformed.line)
	default:
		r.message(err.Error())
	}
	// If the error cannot be shown, there is nobody to tell.
	_, _ = w.Write(r.text.Bytes())
}

// report collects the text, so that it is written in one piece and not mixed with
// the output of children.
type report struct {
	text   bytes.Buffer
	style  style
	object func(e *vm.Error) (message, details string)
}

// message writes the message of the error. Lines after the first are indented, so
// that they cannot look like other parts of the report.
func (r *report) message(text string) {
	first, rest, more := strings.Cut(printable.Lines(text, printable.Indent), "\n")
	r.text.WriteString(r.style.error(first) + "\n")
	if more {
		r.text.WriteString(rest + "\n")
	}
}

// source shows a line of source with its number.
func (r *report) source(number int, line string) {
	if line != "" {
		fmt.Fprintf(&r.text, "%s %s\n", r.style.dim(fmt.Sprintf("%5d |", number)), printable.Lines(line, ""))
	}
}

func (r *report) raised(v *vm.VM, e *vm.Error) {
	frames := relevant(ofScripts(e.Frames))
	text, details, trace := r.parts(v, e)
	at, prefix := position(text, frames)
	r.message(prefix + text)
	if details != "" {
		r.text.WriteString(details + "\n")
	}
	if at != nil {
		r.source(at.Line, at.Text())
	}
	if len(frames) > 1 || len(frames) == 1 && at == nil {
		r.text.WriteString(r.style.dim(vm.Traceback(frames)) + "\n")
	}
	if trace != "" {
		r.text.WriteString(r.style.dim(trace) + "\n")
	}
	if e.Bug != "" {
		r.bug(e.Bug)
	}
}

func (r *report) bug(stack string) {
	r.text.WriteString("This is a bug in avescript. Please report it, with the script and the output of 'avescript version'.\n")
	if os.Getenv(DebugVariable) == "" {
		r.text.WriteString("Run the script again with " + DebugVariable + "=1 to see where in avescript the error happened.\n")
		return
	}
	r.text.WriteString(stack)
}

// parts are what the error says, its details and the trace of the other side.
func (r *report) parts(v *vm.VM, e *vm.Error) (text, details, trace string) {
	if r.object != nil && bind.IsErrorObject(e.Value) {
		if text, details = r.object(e); text != "" {
			return text, details, ""
		}
	}
	text, trace = Split(v, e)
	return text, "", trace
}

// Split separates the message of the error from the trace of the other side, which
// is at the end of an error object's text. It adds the class of an error object at
// the beginning. It takes the lock of v.
func Split(v *vm.VM, e *vm.Error) (text, trace string) {
	text = e.Text
	if !bind.IsErrorObject(e.Value) {
		return text, ""
	}
	_ = v.Do(context.Background(), func(L *lua.LState) error {
		exception, err := bind.Exception(L, e.Value, nil)
		if err == nil {
			trace = exception.FormatTrace()
		}
		text = exception.Class.Name + ": " + strings.TrimSuffix(text, "\n"+trace)
		return nil
	})
	return text, trace
}

// relevant removes Go functions that say nothing from both ends of the stack: error
// and assert, which have done their work, and functions without a name, which are
// avescript's own.
func relevant(frames []vm.Frame) []vm.Frame {
	for len(frames) > 0 && silent(frames[0]) {
		frames = frames[1:]
	}
	for len(frames) > 0 && silent(frames[len(frames)-1]) {
		frames = frames[:len(frames)-1]
	}
	return frames
}

// ofScripts is [WithoutInternal], but keeps all calls if none is of a script.
func ofScripts(frames []vm.Frame) []vm.Frame {
	if slices.ContainsFunc(frames, func(f vm.Frame) bool { return f.Source != "" && !f.Internal() }) {
		return WithoutInternal(frames)
	}
	return frames
}

// WithoutInternal removes the calls inside avescript's own modules, and the calls
// that these have made, because they do not help the author of the script: an error
// in them belongs to the line that called them. [DebugVariable] keeps them.
func WithoutInternal(frames []vm.Frame) []vm.Frame {
	if os.Getenv(DebugVariable) != "" {
		return frames
	}
	var kept []vm.Frame
	inside := false
	for _, f := range slices.Backward(frames) {
		if f.Source != "" {
			inside = f.Internal()
		}
		if !inside {
			kept = append(kept, f)
		}
	}
	slices.Reverse(kept)
	return kept
}

func silent(f vm.Frame) bool {
	return f.Source == "" && (f.Name == "" || f.Name == "error" || f.Name == "assert")
}

// positioned matches a message that begins with its position.
var positioned = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[^\s:]+:\d+: `) })

// position returns the call whose line the error is about, and the position to put
// before the message. If the message has a position of its own, that line is meant.
// With error(message, 2) it is not the innermost call, and after a caught error was
// raised again it may not be on the stack.
func position(text string, frames []vm.Frame) (at *vm.Frame, prefix string) {
	for i := range frames {
		f := &frames[i]
		if f.Source == "" {
			continue
		}
		if strings.HasPrefix(text, where(f)) {
			return f, ""
		}
		if at == nil {
			at = f
		}
	}
	if at == nil || positioned().MatchString(text) {
		return nil, ""
	}
	return at, where(at)
}

func where(f *vm.Frame) string { return fmt.Sprintf("%s:%d: ", f.Source, f.Line) }

// lineOf returns a line of a text, without indentation.
func lineOf(text []byte, number int) string {
	n := 0
	for line := range bytes.Lines(text) {
		if n++; n == number {
			return string(bytes.TrimSpace(line))
		}
	}
	return ""
}

// style marks text on a terminal that has colours.
type style bool

func (s style) error(text string) string { return s.mark("1;31", text) }
func (s style) dim(text string) string   { return s.mark("2", text) }

func (s style) mark(code, text string) string {
	if !s {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}
