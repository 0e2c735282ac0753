// Package show writes values of Lua as text for the person at the prompt.
//
// A value is written as Lua would read it, as far as that is possible, in the columns that
// the terminal has. A list of tables that have the same keys becomes a table with a row for
// each. What is long is cut, unless the whole of it is asked for.
//
// No code of scripts runs for that except a metamethod __tostring, which may fail. The
// names of functions written in Go come from the manual, by a function that is given to
// the [Printer].
package show

import (
	"strings"

	lua "github.com/yuin/gopher-lua"

	"avescript/lualib/vm"
)

// The limits of what is shown of a value.
const (
	mostDepth   = 5    // tables within tables
	mostEntries = 800  // of all tables together; one in another counts twice, and so on
	mostText    = 2000 // columns of a string that is in no table

	// With Whole more is shown. There is still a limit, because a table that is in many
	// places is shown in each of them.
	mostDepthOfAll   = 30
	mostEntriesOfAll = 200_000
)

// mostOfTable is how many entries are shown of a table, and of a table inside another;
// mostOfFlat is for a table inside another that does not contain tables.
var mostOfTable = [...]int{100, 20, 10}

const mostOfFlat = 50

// Known is a function or class that the manual has: "cmd.run(cmd, options?)",
// "Session:expect(patterns, options?)".
type Known struct {
	Name   string // "cmd.run"
	Params string // "cmd, options?"
}

// Printer shows values.
type Printer struct {
	Width int // how many columns a line has
	Color bool
	Whole bool // nothing is cut

	// Find finds a function that is written in Go, or what makes objects of a class.
	Find func(L *lua.LState, v lua.LValue) (known Known, ok bool)

	tostring lua.LValue // the library's, whatever the script puts in its place
}

// New makes a printer without colors, for lines of so many columns.
func New(v *vm.VM, width int) *Printer {
	return &Printer{Width: width, tostring: v.Globals().RawGetString("tostring")}
}

// sheet is the state of showing one result.
type sheet struct {
	*Printer
	L    *lua.LState
	path []*lua.LTable // the tables around the next value
	left int           // how many entries may still be shown
	cut  bool          // something was left out
}

func (p *Printer) sheet(L *lua.LState) *sheet {
	s := &sheet{Printer: p, L: L, left: mostEntries}
	if p.Whole {
		s.left = mostEntriesOfAll
	}
	return s
}

// Values shows what an expression has returned: on one line with tabs between them, or
// one below the other. cut is whether something was left out.
func (p *Printer) Values(L *lua.LState, values []lua.LValue) (text string, cut bool) {
	s := p.sheet(L)
	texts := make([]string, 0, len(values))
	separator := "\t"
	for i, v := range values {
		if i == mostEntries && !s.Whole {
			texts = append(texts, s.more(len(values)-i))
			break
		}
		texts = append(texts, s.top(v))
		if strings.Contains(texts[i], "\n") {
			separator = "\n"
		}
	}
	return strings.Join(texts, separator), s.cut
}

// Error shows an error object. It returns the message, which may have several lines, and
// the details that matter, in lines of their own; "" for none. Both are "" if the class has
// a __tostring in Lua, which is used instead.
func (p *Printer) Error(L *lua.LState, object *lua.LTable) (message, details string) {
	s := p.sheet(L)
	if !s.isError(object) {
		return "", ""
	}
	return s.errorMessage(object), s.errorDetails(object)
}

// ended reports that nothing more can be shown: after the limit or after Ctrl-C.
func (s *sheet) ended() bool {
	if s.left > 0 && vm.Context(s.L).Err() == nil {
		return false
	}
	s.cut = true
	return true
}
