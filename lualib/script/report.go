package script

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"
	"sync"

	lua "github.com/yuin/gopher-lua"

	"avescript/lualib/bind"
	"avescript/lualib/vm"
)

// DebugVariable is the environment variable that has [Report] show Go's stack
// for faults of avescript itself.
const DebugVariable = "AVESCRIPT_DEBUG"

// Report writes an error that nobody has caught as a person wants to read it:
// where it was raised and what it says, the source line, the Lua stack, and
// the trace of the other side if the error came from one. v is the interpreter
// that the error comes from.
func Report(w io.Writer, v *vm.VM, err error, color bool) {
	r := report{style: style(color)}
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
	// There is nobody left to tell that the error could not be shown.
	_, _ = w.Write(r.text.Bytes())
}

// report collects the text, so that it is written at once and output of
// children doesn't get in between.
type report struct {
	text  bytes.Buffer
	style style
}

func (r *report) message(text string) {
	first, rest, more := strings.Cut(text, "\n")
	r.text.WriteString(r.style.error(first) + "\n")
	if more {
		r.text.WriteString(rest + "\n")
	}
}

// source shows a line of source with its number.
func (r *report) source(number int, line string) {
	if line != "" {
		fmt.Fprintf(&r.text, "%s %s\n", r.style.dim(fmt.Sprintf("%5d |", number)), line)
	}
}

func (r *report) raised(v *vm.VM, e *vm.Error) {
	frames := relevant(e.Frames)
	text, trace := split(v, e)
	at, prefix := position(text, frames)
	r.message(prefix + text)
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
	r.text.WriteString("This is a fault in avescript itself. Please report it, with the script and what 'avescript version' says.\n")
	if os.Getenv(DebugVariable) == "" {
		r.text.WriteString("Run it again with " + DebugVariable + "=1 to see where in avescript it happened.\n")
		return
	}
	r.text.WriteString(stack)
}

// split takes apart what the error says and the trace of the other side, which
// the text of an error object ends with. An error object's class is put in
// front.
func split(v *vm.VM, e *vm.Error) (text, trace string) {
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

// relevant drops the Go functions at both ends of the stack that say nothing:
// error and assert have done what they are there for, and those without a name
// are avescript's own.
func relevant(frames []vm.Frame) []vm.Frame {
	for len(frames) > 0 && silent(frames[0]) {
		frames = frames[1:]
	}
	for len(frames) > 0 && silent(frames[len(frames)-1]) {
		frames = frames[:len(frames)-1]
	}
	return frames
}

func silent(f vm.Frame) bool {
	return f.Source == "" && (f.Name == "" || f.Name == "error" || f.Name == "assert")
}

// positioned is a message that says itself where it comes from.
var positioned = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[^\s:]+:\d+: `) })

// position finds the call whose line the error is about, and the position that
// has to be put in front of the message. A message with a position of its own
// belongs there, which with error(message, 2) isn't the innermost call, and
// after a caught error was raised again may be no call on the stack.
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

// lineOf is a line of text without its indentation.
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
