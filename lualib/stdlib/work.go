package stdlib

import (
	"strings"

	lua "github.com/yuin/gopher-lua"
)

// The VM looks between two instructions whether a script has to end. This file is for
// library functions that can take long: they look themselves, after so much work.

// A step is about what one step of a pattern costs, or copying bytesPerStep bytes.
// stepsBetweenPolls are a few milliseconds.
const (
	stepsBetweenPolls = 1 << 18
	bytesPerStep      = 16
)

// poll ends the running function by an error, or by what the VM does instead, if the
// script has to end.
func poll(L *lua.LState) {
	if L.Context() == nil {
		return
	}
	select {
	case <-L.Context().Done():
		L.RaiseError("%s", L.Context().Err())
	default:
	}
}

// work counts what a function has done since the last poll.
type work struct {
	L     *lua.LState
	steps int
}

func (w *work) step(n int) {
	if w.steps += n; w.steps >= stepsBetweenPolls {
		w.steps = 0
		poll(w.L)
	}
}

// maxStringSize is the longest string that a function may make.
const maxStringSize = 1 << 31

// text is a string that a function makes. Writing to it raises an error if it becomes too
// long, or the script has to end.
type text struct {
	work
	strings.Builder
}

func newText(L *lua.LState) *text { return &text{work: work{L: L}} }

// pieceSize is how much is copied at once.
const pieceSize = 1 << 20

func (t *text) add(s string) {
	if len(s) > t.Cap()-t.Len() {
		t.reserve(len(s))
	}
	for len(s) > pieceSize {
		t.WriteString(s[:pieceSize])
		t.step(pieceSize / bytesPerStep)
		s = s[pieceSize:]
	}
	t.WriteString(s)
	t.step(1 + len(s)/bytesPerStep)
}

func (t *text) addByte(c byte) {
	if t.Len() == t.Cap() {
		t.reserve(1)
	}
	t.WriteByte(c)
}

// reserve makes room for so many bytes more.
func (t *text) reserve(more int) {
	if more > maxStringSize-t.Len() {
		t.L.RaiseError("resulting string too large")
	}
	if size := 2*t.Cap() + more; size > pieceSize/16 { // as Grow does
		if host := libraryOf(t.L).host; !host.Fits(size) {
			host.NoMemory(t.L)
		}
	}
	t.Grow(more)
}

// byPieces makes a string from pieces of another, each changed by itself.
func (a args) byPieces(s string, change func(piece string) string) int {
	if len(s) <= pieceSize {
		return a.pushString(change(s))
	}
	out := newText(a.L)
	for ; len(s) > pieceSize; s = s[pieceSize:] {
		out.add(change(s[:pieceSize]))
	}
	out.add(change(s))
	return a.pushString(out.String())
}
