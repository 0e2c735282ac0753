package stdlib

import (
	"fmt"
	"io"
	"strings"

	lua "github.com/yuin/gopher-lua"
)

// The methods of a file in Lua.

func (lib *library) fileMethods() []function {
	return []function{
		{"close", fileClose},
		{"flush", fileFlush},
		{"lines", fileLines},
		{"read", fileRead},
		{"seek", fileSeek},
		{"setvbuf", lib.fileSetvbuf},
		{"write", fileWrite},
		{"__gc", fileCollect},
		{"__tostring", fileToString},
	}
}

// fileOf returns argument n, a file that may be closed.
func (a args) fileOf(n int) *file {
	if ud, ok := a.L.Get(n).(*lua.LUserData); ok {
		if f, ok := ud.Value.(*file); ok {
			return f
		}
	}
	a.rejectType(n, "FILE*")
	return nil
}

// file returns argument n, an open file.
func (a args) file(n int) *file {
	return a.mustBeOpen(a.fileOf(n))
}

func (a args) mustBeOpen(f *file) *file {
	if f.closed {
		a.fail("attempt to use a closed file")
	}
	return f
}

func fileClose(a args) int {
	if a.top() == 0 {
		a.reject(1, "FILE* expected, got nil") // the reference looks for a file in a place where there is none
	}
	return a.closeFile(a.file(1))
}

// fileCollect is the finalizer: scripts can call it.
func fileCollect(a args) int {
	if f := a.fileOf(1); !f.closed && !f.std {
		a.closeFile(f)
	}
	return 0
}

func (a args) closeFile(f *file) int {
	if f.std {
		a.L.Push(lua.LNil)
		a.pushString("cannot close standard file")
		return 2
	}
	f.closed = true
	delete(f.lib.unflushed, f)
	return a.pushDone(f.do(a.L, f.close))
}

func fileFlush(a args) int {
	f := a.file(1)
	return a.pushDone(f.do(a.L, f.flush))
}

func fileLines(a args) int {
	a.L.Push(linesOf(a.L, a.file(1), false))
	return 1
}

// linesOf is the iterator over a file's lines.
func linesOf(L *lua.LState, f *file, closeAtEnd bool) *lua.LFunction {
	return function{"lines", func(a args) int {
		if f.closed {
			a.fail("file is already closed")
		}
		var line []lua.LValue
		err := f.do(a.L, func() (err error) {
			line, err = f.read([]readFormat{{kind: 'l'}})
			return err
		})
		if err != nil {
			text, _ := cError(err)
			a.fail("%s", text)
		}
		if line[0] == lua.LNil && closeAtEnd {
			a.closeFile(f)
			return 0
		}
		a.L.Push(line[0])
		return 1
	}}.bind(L)
}

func fileRead(a args) int { return a.readFile(a.file(1), 2) }

func (a args) readFile(f *file, first int) int {
	formats := a.readFormats(first)
	var values []lua.LValue
	err := f.do(a.L, func() (err error) {
		values, err = f.read(formats)
		return err
	})
	if err != nil {
		return a.pushError(err)
	}
	for _, value := range values {
		a.L.Push(value)
	}
	return len(values)
}

func (a args) readFormats(first int) []readFormat {
	if a.top() < first {
		return []readFormat{{kind: 'l'}}
	}
	var formats []readFormat
	for n := first; n <= a.top(); n++ {
		switch value := a.L.Get(n).(type) {
		case lua.LNumber:
			formats = append(formats, readFormat{'c', a.integer(n)})
		case lua.LString:
			letters, isFormat := strings.CutPrefix(string(value), "*")
			switch {
			case !isFormat:
				a.reject(n, "invalid option")
			case letters == "" || !strings.Contains("nla", letters[:1]):
				a.reject(n, "invalid format")
			}
			formats = append(formats, readFormat{kind: letters[0]})
		default:
			a.reject(n, "invalid option")
		}
	}
	return formats
}

func fileWrite(a args) int { return a.writeFile(a.file(1), 2) }

// writeFile writes all arguments in one piece, so that the output of threads is not
// mixed.
func (a args) writeFile(f *file, first int) int {
	var text strings.Builder
	for n := first; n <= a.top(); n++ {
		text.WriteString(a.string(n))
	}
	return a.pushDone(f.do(a.L, func() error { return f.write(text.String()) }))
}

func fileSeek(a args) int {
	f := a.file(1)
	whence := map[string]int{"set": io.SeekStart, "cur": io.SeekCurrent, "end": io.SeekEnd}[a.option(2, "cur", "set", "cur", "end")]
	offset := int64(a.integerOr(3, 0))
	var position int64
	err := f.do(a.L, func() (err error) {
		position, err = f.seek(offset, whence)
		return err
	})
	if err != nil {
		return a.pushError(err)
	}
	return a.pushNumber(float64(position))
}

func (lib *library) fileSetvbuf(a args) int {
	f := a.file(1)
	mode := a.option(2, "", "no", "full", "line")
	size := max(a.integerOr(3, bufferSize), 1)
	if mode == "no" {
		size = 0
		delete(lib.unflushed, f)
	} else {
		lib.unflushed[f] = struct{}{}
	}
	return a.pushDone(f.do(a.L, func() error { return f.setBuffer(size, mode == "line") }))
}

func fileToString(a args) int {
	f := a.fileOf(1)
	if f.closed {
		return a.pushString("file (closed)")
	}
	return a.pushString(fmt.Sprintf("file (%p)", f))
}
