package stdlib

import (
	"bufio"
	"context"
	"errors"
	"io"
	"math"
	"os"
	"strings"
	"sync"
	"time"

	lua "github.com/yuin/gopher-lua"
	"golang.org/x/sys/unix"

	"avescript/lualib/number"
)

// file is the content of a FILE* userdata. Reading is buffered, writing only after
// setvbuf. A file that is garbage in Lua is closed by [os.File]'s own cleanup; then
// there is nothing to write, because library.unflushed keeps files with a buffer
// alive.
//
// Methods without args touch no Lua state and run within do.
type file struct {
	lib    *library
	reader *bufio.Reader // nil if it is not for reading
	writer io.Writer     // nil if it is not for writing
	buffer *bufio.Writer // before writer, after setvbuf
	byLine bool          // the buffer is flushed at the end of a line

	os    *os.File        // the file itself; nil if the host's stream is not a file
	child <-chan struct{} // for popen: closed when the child has ended
	std   bool            // a standard stream, which scripts cannot close
	slow  bool            // an operation may block: not a regular file

	// closed is guarded by the VM's lock, so that every thread sees it at once.
	closed bool

	// mu is for threads that are in do, with the VM's lock released.
	mu      sync.Mutex
	waiting context.Context // of the operation in do
	taken   int             // bytes that the operation has read
}

func (lib *library) newFile(stream any, readable, writable bool) *file {
	f := &file{lib: lib, slow: true}
	if around, ok := stream.(interface{ File() *os.File }); ok {
		f.os = around.File()
	} else {
		f.os, _ = stream.(*os.File)
	}
	if f.os != nil {
		info, err := f.os.Stat()
		f.slow = err != nil || !info.Mode().IsRegular()
	}
	if readable {
		f.reader = bufio.NewReader(&source{Reader: stream.(io.Reader), f: f})
	}
	if writable {
		f.writer = stream.(io.Writer)
	}
	return f
}

// do runs an operation, with the VM's lock released if it may block.
func (f *file) do(L *lua.LState, operation func() error) (err error) {
	defer func() {
		if errors.Is(err, errNoMemory) {
			f.lib.host.NoMemory(L)
		}
	}()
	if !f.slow {
		f.taken = 0
		return operation()
	}
	f.lib.host.Unlocked(L, func(ctx context.Context) {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.taken = 0
		defer f.interruptible(ctx)()
		err = operation()
	})
	return err
}

// interruptible ends reads and writes of a pipe, terminal and so on when ctx is
// done, and the wait for a command. The standard streams are interrupted by the
// host.
func (f *file) interruptible(ctx context.Context) (stop func()) {
	f.waiting = ctx
	if f.os == nil || f.std || ctx.Done() == nil {
		return func() {}
	}
	done := make(chan struct{})
	detach := context.AfterFunc(ctx, func() {
		defer close(done)
		_ = f.os.SetDeadline(time.Unix(1, 0)) // files without deadlines do not block for long
	})
	return func() {
		if !detach() {
			<-done
			_ = f.os.SetDeadline(time.Time{})
		}
	}
}

// forChild returns the stream for a child process.
func (f *file) forChild() io.Writer {
	if f.os != nil {
		return f.os
	}
	return lockedWriter{f}
}

// lockedWriter separates the output of a child from that of Lua threads.
type lockedWriter struct{ *file }

func (w lockedWriter) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.flush(); err != nil {
		return 0, err
	}
	return w.writer.Write(p)
}

// Writer lets Go code write to a file object that is open for writing, after what
// the script has written. It does not need the VM's lock.
func Writer(v lua.LValue) (io.Writer, bool) {
	ud, ok := v.(*lua.LUserData)
	if !ok {
		return nil, false
	}
	f, ok := ud.Value.(*file)
	if !ok || f.closed || f.writer == nil {
		return nil, false
	}
	return lockedWriter{f}, true
}

// DescribeFile describes a file object; it returns "" for any other value.
func DescribeFile(v lua.LValue) string {
	ud, ok := v.(*lua.LUserData)
	if !ok {
		return ""
	}
	switch f, ok := ud.Value.(*file); {
	case !ok:
		return ""
	case f.closed:
		return "a closed file"
	}
	return "a file"
}

func (f *file) write(text string) error {
	if f.writer == nil {
		if text == "" {
			return nil // as in C
		}
		return unix.EBADF
	}
	if err := f.dropReadAhead(); err != nil {
		return err
	}
	if f.buffer == nil {
		_, err := io.WriteString(f.writer, text)
		return err
	}
	_, err := f.buffer.WriteString(text)
	if err == nil && f.byLine && strings.Contains(text, "\n") {
		err = f.buffer.Flush()
	}
	return err
}

// dropReadAhead moves the file's position back to where Lua believes it is.
func (f *file) dropReadAhead() error {
	if f.reader == nil || f.reader.Buffered() == 0 {
		return nil
	}
	// A pipe cannot go back, and keeps what was read.
	if _, err := f.os.Seek(-int64(f.reader.Buffered()), io.SeekCurrent); err != nil {
		return err
	}
	f.reader.Reset(&source{f.os, f})
	return nil
}

func (f *file) flush() error {
	if f.buffer == nil {
		return nil
	}
	return f.buffer.Flush()
}

// setBuffer gives the file a buffer for writing; size 0 means no buffer.
func (f *file) setBuffer(size int, byLine bool) error {
	if err := f.flush(); err != nil {
		return err
	}
	f.buffer, f.byLine = nil, byLine
	if size > 0 && f.writer != nil {
		f.buffer = bufio.NewWriterSize(f.writer, size)
	}
	return nil
}

func (f *file) seek(offset int64, whence int) (position int64, err error) {
	if f.os == nil {
		return 0, unix.ESPIPE
	}
	if err := f.flush(); err != nil {
		return 0, err
	}
	if err := f.dropReadAhead(); err != nil {
		return 0, err
	}
	return f.os.Seek(offset, whence)
}

// close closes the file and waits for popen's child.
func (f *file) close() error {
	err := f.flush()
	if closeErr := f.os.Close(); err == nil {
		err = closeErr
	}
	if f.child != nil {
		select {
		case <-f.child:
		case <-f.waiting.Done():
		}
	}
	return err
}

// readFormat is one argument of read: 'n' a number, 'l' a line, 'a' all the rest,
// or 'c' count characters.
type readFormat struct {
	kind  byte
	count int
}

// read reads values in these formats, up to the first one that is not there, which
// gives nil.
func (f *file) read(formats []readFormat) (values []lua.LValue, err error) {
	if f.reader == nil {
		return nil, unix.EBADF
	}
	if err := f.flush(); err != nil {
		return nil, err
	}
	for _, format := range formats {
		value, err := f.readOne(format)
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, err
		}
		values = append(values, value)
		if value == lua.LNil {
			break
		}
	}
	return values, nil
}

func (f *file) readOne(format readFormat) (lua.LValue, error) {
	var text string
	var err error
	switch format.kind {
	case 'n':
		return f.readNumber()
	case 'l':
		text, err = f.reader.ReadString('\n')
		if line, complete := strings.CutSuffix(text, "\n"); complete {
			return lua.LString(line), nil
		}
	case 'a':
		text, err = f.readUpTo(math.MaxInt)
		return lua.LString(text), err
	default:
		if format.count == 0 {
			if _, err := f.reader.Peek(1); err != nil {
				return lua.LNil, err
			}
			return lua.LString(""), nil
		}
		text, err = f.readUpTo(format.count)
	}
	if text == "" {
		return lua.LNil, err
	}
	return lua.LString(text), err
}

func (f *file) readUpTo(count int) (string, error) {
	if count < 0 {
		count = math.MaxInt
	}
	var text strings.Builder
	_, err := io.Copy(&text, io.LimitReader(f.reader, int64(count)))
	return text.String(), err
}

// readNumber reads a number as scanf does: it takes the longest text that could
// begin one, even if the text is not a number in the end.
func (f *file) readNumber() (lua.LValue, error) {
	var text []byte
	var err error
	take := func(set string) bool {
		var next []byte
		next, err = f.reader.Peek(1)
		if err != nil || !strings.Contains(set, string(next)) {
			return false
		}
		text = append(text, next[0])
		_, _ = f.reader.Discard(1)
		return true
	}
	takeAll := func(set string) {
		for take(set) {
		}
	}

	takeAll(number.Spaces)
	text = nil
	take("+-")
	digits, exponent := "0123456789", "eE"
	if take("0") && take("xX") {
		digits, exponent = digits+"abcdefABCDEF", "pP"
	}
	takeAll(digits)
	if take(".") {
		takeAll(digits)
	}
	mantissa := len(text)
	if take(exponent) {
		take("+-")
		sign := len(text)
		if takeAll("0123456789"); len(text) == sign {
			// scanf accepts an exponent without digits, and ignores it.
			text = text[:mantissa]
		}
	}
	if x, ok := number.Parse(string(text)); ok {
		return lua.LNumber(x), nil
	}
	return lua.LNil, err
}
