package repl

import (
	"context"
	"io"
	"os"
	"sync"
	"sync/atomic"

	lua "github.com/yuin/gopher-lua"

	"avescript/core/editor"
	"avescript/lualib/script"
	"avescript/lualib/vm"
)

// Stream is a standard stream of scripts. It writes to a file or, while a prompt is open,
// above the text that somebody types.
type Stream struct {
	file  *os.File
	above atomic.Pointer[above]
	place atomic.Pointer[inPlace] // shown while a command runs

	collecting sync.Once
	collected  *os.File // see children
	ends       []int    // the descriptors of that pipe
}

type above struct{ io.Writer }

// NewStream makes the stream of a file. It writes there unless that is the terminal of a
// prompt: see [Config].
func NewStream(file *os.File) *Stream { return &Stream{file: file} }

// File is what programs get that scripts start.
func (s *Stream) File() *os.File { return s.file }

func (s *Stream) Write(p []byte) (int, error) {
	if place := s.place.Load(); place != nil {
		return place.Write(p)
	}
	if above := s.above.Load(); above != nil {
		return above.Write(p)
	}
	return s.file.Write(p)
}

// children is a pipe to the stream, for processes that would otherwise write to the
// terminal directly. It is nil if no pipe can be made.
func (s *Stream) children() *os.File {
	s.collecting.Do(func() {
		output, theirs, err := os.Pipe()
		if err != nil {
			return
		}
		s.collected = theirs
		for _, file := range []*os.File{output, theirs} {
			if conn, err := file.SyscallConn(); err == nil {
				_ = conn.Control(func(fd uintptr) { s.ends = append(s.ends, int(fd)) })
			}
		}
		go func() {
			_, _ = io.Copy(s, output) // to the end of the program
		}()
	})
	return s.collected
}

// terminal is where one types.
func (r *repl) terminal() (in, out *os.File) {
	if r.Terminal != nil {
		return r.Terminal, r.Terminal
	}
	return os.Stdin, os.Stdout
}

// screen is where that is shown.
func (r *repl) screen() *os.File {
	_, out := r.terminal()
	return out
}

// attach makes the output of scripts, and of processes that they start, appear above the
// text in the editor until detach is called. Without an editor, the output appears where
// the prompt writes.
func (r *repl) attach(e *editor.Editor) (detach func()) {
	to := &above{r.Out}
	if e != nil {
		to = &above{e}
	}
	var restores []func()
	for _, s := range r.Streams {
		if r.Terminal != nil || e != nil && script.IsTerminal(s.file) {
			before := s.above.Swap(to)
			restores = append(restores, func() { s.above.Store(before) })
		}
	}
	return sync.OnceFunc(func() {
		for _, restore := range restores {
			restore()
		}
	})
}

// collect makes processes that are started at the prompt print above the text being typed.
func (r *repl) collect(ctx context.Context) (stop func()) {
	if len(r.Streams) == 0 || !r.inputs.Interactive() {
		return func() {}
	}
	pipe := r.Streams[0].children()
	set := func(ctx context.Context, to *os.File) (before *os.File) {
		_ = r.do(ctx, func(L *lua.LState) error {
			before, r.v.ChildOutput = r.v.ChildOutput, to
			for _, fd := range r.Streams[0].ends {
				vm.Made(L, vm.MadePart, fd) // a test does not leave it behind
			}
			return nil
		})
		return before
	}
	before := set(ctx, pipe)
	return func() {
		ctx, cancel := brief(ctx)
		defer cancel()
		set(ctx, before)
	}
}
