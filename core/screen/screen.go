// Package screen is a terminal without a display: programs write to it what they would
// write to xterm, and it shows what a person would see.
//
//	s := screen.New(80, 24)
//	s.Write(output)
//	image := s.Snapshot()
//	fmt.Println(image.Text(), image.Cursor)
//
// Cells, cursor, colours, scrolling and erasing are those of charmbracelet/x/vt. The
// output is parsed before it reaches the emulator, whose results depend on how the
// output is cut: scan.go finds characters and sequences, print.go writes characters
// into cells, sequence.go does what the emulator does not do or does differently from
// xterm, and backlog.go leaves out what nobody would see.
//
// An [Image] is what the screen showed at some moment. It never changes, and can be
// saved as text, SVG or HTML.
package screen

import (
	"fmt"
	"io"
	"sync"

	"github.com/charmbracelet/x/ansi"
	"github.com/charmbracelet/x/vt"
)

// Limits for sizes.
const (
	smallest = 1
	largest  = 1000
)

// mostReplies is how many bytes of replies are kept if nobody takes them.
const mostReplies = 64 << 10

// Screen is the screen of a terminal. Its methods may be called at the same time. It
// has no goroutine and needs no closing.
type Screen struct {
	writing sync.Mutex // held while writing, so that only one goroutine writes

	// mu is held while the screen changes. If rests is set, Write releases it between
	// two sequences.
	rests   bool
	mu      sync.Mutex
	emu     *vt.Emulator
	scan    scanner
	print   printer
	backlog []byte // output that was not processed yet
	replies []byte
	title   string
	margins map[bool]bool      // whether a part of the screen scrolls, by Alternate
	modes   map[ansi.Mode]bool // modes that programs have set or reset, or that are set initially
}

// New makes an empty screen.
func New(cols, rows int) *Screen {
	s := &Screen{emu: vt.NewEmulator(clamp(cols), clamp(rows)), margins: map[bool]bool{}}
	// The emulator writes answers to queries into a pipe, and waits until they are
	// read. The screen answers all queries itself, and the closed pipe makes sure that
	// nothing waits.
	_ = s.emu.InputPipe().(io.Closer).Close()
	s.emu.SetScrollbackSize(1) // nobody scrolls back, and 1 is the minimum
	s.emu.SetCallbacks(vt.Callbacks{
		EnableMode:  func(m ansi.Mode) { s.modes[m] = true },
		DisableMode: func(m ansi.Mode) { s.modes[m] = false },
	})
	s.resetModes()
	return s
}

func clamp(n int) int { return min(max(n, smallest), largest) }

// resetModes forgets the modes that programs have set.
func (s *Screen) resetModes() {
	s.modes = map[ansi.Mode]bool{
		ansi.ModeAutoWrap:            true,
		ansi.ModeTextCursorEnable:    true,
		ansi.ModeCursorKeys:          false,
		ansi.ModeOrigin:              false,
		ansi.ModeInsertReplace:       false,
		ansi.ModeAltScreen:           false,
		ansi.ModeAltScreenSaveCursor: false,
		ansi.ModeBracketedPaste:      false,
	}
}

// Write processes what a program has written. Characters and sequences may be cut
// anywhere. It takes all of p, and the error is always nil. Others may look at the
// screen meanwhile, and see a state in between.
func (s *Screen) Write(p []byte) (int, error) {
	s.writing.Lock()
	defer s.writing.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rests = true
	s.take(p)
	s.rests = false
	return len(p), nil
}

// Resize changes the size. As in xterm, a lower screen loses lines at the top if the
// cursor would be outside otherwise, and lines are not wrapped again.
func (s *Screen) Resize(cols, rows int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	cols, rows = clamp(cols), clamp(rows)
	s.catchUp()
	s.print.flush(s)
	at := s.emu.CursorPosition()
	if over := at.Y - (rows - 1); over > 0 {
		s.emit("\x1b[r\x1b[%dS\x1b[%d;%df", over, at.Y-over+1, at.X+1)
	}
	s.emu.Resize(cols, rows)
	clear(s.margins)
}

// Replies returns the answers to the program's queries since the last call, for example
// for the position of the cursor. They must be written to the program's input: some
// programs wait for them.
func (s *Screen) Replies() []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	replies := s.replies
	s.replies = nil
	return replies
}

func (s *Screen) reply(format string, args ...any) {
	if len(s.replies) < mostReplies {
		s.replies = fmt.Appendf(s.replies, format, args...)
	}
}

// emit writes a sequence to the emulator.
func (s *Screen) emit(format string, args ...any) {
	_, _ = fmt.Fprintf(s.emu, format, args...)
}

// Key returns the bytes that a key sends now: those of the cursor keys depend on a
// mode. See [KeyBytes].
func (s *Screen) Key(name string) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return KeyBytes(name, s.modes[ansi.ModeCursorKeys])
}

// Snapshot is what the screen shows now. An incomplete character is not shown yet.
func (s *Screen) Snapshot() *Image {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.catchUp()
	s.print.showHeld(s)
	at := s.emu.CursorPosition()
	return &Image{
		Cols:      s.emu.Width(),
		Rows:      s.emu.Height(),
		Cursor:    Cursor{Row: at.Y, Col: at.X, Visible: s.modes[ansi.ModeTextCursorEnable]},
		Title:     s.title,
		Alternate: s.emu.IsAltScreen(),
		cells:     cellsOf(s.emu),
	}
}
