package stdlib

import lua "github.com/yuin/gopher-lua"

// The standard streams, for library functions that are not in this package.

// Ask writes a prompt to the standard error, and reads a line from the standard input.
// ok is false at its end.
func Ask(L *lua.LState, prompt string) (line string, ok bool) {
	lib := libraryOf(L)
	Complain(L, prompt)
	f := lib.stdin.Value.(*file)
	_ = f.do(L, func() error { // after an error there is no line
		values, err := f.read([]readFormat{{kind: 'l'}})
		if err == nil {
			line, ok = toString(values[0])
		}
		return err
	})
	return line, ok
}

// Complain writes text to the standard error.
func Complain(L *lua.LState, text string) {
	f := libraryOf(L).stderr.Value.(*file)
	_ = f.do(L, func() error { return f.write(text) }) // there is nobody to tell
}
