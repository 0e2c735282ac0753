// Package screen is a terminal without glass: programs write to it what they
// would write to xterm, and it tells what a person would see.
//
//	s := screen.New(80, 24)
//	s.Write(output)
//	image := s.Snapshot()
//	fmt.Println(image.Text(), image.Cursor)
//
// The cells, the cursor, colours, scrolling and erasing are those of
// charmbracelet/x/vt. What is in front of it takes the output apart, because
// the emulator depends on where the output was cut: scan.go finds characters
// and sequences, print.go puts characters into cells, sequence.go does what the
// emulator does not, or differently from xterm, and backlog.go leaves out what
// nobody would see.
//
// An [Image] is what the screen showed at one moment. It never changes, and can
// be saved as text, SVG or HTML.
package screen

import (
	"fmt"
	"io"
	"sync"

	"github.com/charmbracelet/x/ansi"
	"github.com/charmbracelet/x/vt"
)

// Sizes outside of these are brought into them.
const (
	smallest = 1
	largest  = 1000
)

// mostReplies is how many bytes of replies are kept for a program that nobody
// gives them to.
const mostReplies = 64 << 10

// Screen is a terminal's screen. Its methods may be called at the same time.
// It has no goroutine and needs no closing.
type Screen struct {
	mu      sync.Mutex
	emu     *vt.Emulator
	scan    scanner
	print   printer
	backlog []byte // output that is not shown yet
	replies []byte
	title   string
	margins map[bool]bool      // whether part of the screen scrolls, by Alternate
	modes   map[ansi.Mode]bool // that programs have set or reset, or that begin as set
}

// New makes an empty screen.
func New(cols, rows int) *Screen {
	s := &Screen{emu: vt.NewEmulator(clamp(cols), clamp(rows)), margins: map[bool]bool{}}
	// The emulator answers queries into a pipe and waits until somebody reads
	// there. The screen answers all of them itself, and a closed pipe makes
	// sure that nothing waits for a reader that isn't there.
	_ = s.emu.InputPipe().(io.Closer).Close()
	s.emu.SetScrollbackSize(1) // nobody can scroll back, and 1 is the least
	s.emu.SetCallbacks(vt.Callbacks{
		EnableMode:  func(m ansi.Mode) { s.modes[m] = true },
		DisableMode: func(m ansi.Mode) { s.modes[m] = false },
	})
	s.resetModes()
	return s
}

func clamp(n int) int { return min(max(n, smallest), largest) }

// resetModes forgets what programs have set.
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

// Write shows what a program has written. Characters and sequences may be cut
// anywhere. It takes all of p, and the error is always nil.
func (s *Screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.take(p)
	return len(p), nil
}

// Resize changes the size. As in xterm, the lines that a lower screen has no
// room for leave it at the top as long as the cursor would else be outside, and
// lines are not wrapped anew.
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

// Replies returns what the screen has answered to the program's queries since
// the last call, such as where the cursor is. It belongs into the program's
// input: some programs wait for it.
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

// emit gives a sequence to the emulator.
func (s *Screen) emit(format string, args ...any) {
	_, _ = fmt.Fprintf(s.emu, format, args...)
}

// Size is how large the screen is.
func (s *Screen) Size() (cols, rows int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.emu.Width(), s.emu.Height()
}

// BracketedPaste tells whether the program wants pasted text between marks.
func (s *Screen) BracketedPaste() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.modes[ansi.ModeBracketedPaste]
}

// Key returns the bytes that a key sends at present: those of the cursor keys
// depend on a mode. See [KeyBytes].
func (s *Screen) Key(name string) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return KeyBytes(name, s.modes[ansi.ModeCursorKeys])
}

// Snapshot is what the screen shows now. A character that has come in part is
// not shown yet.
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
