// Package screentest tests programs on a terminal: it types keys and checks the screen.
package screentest

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"avescript/core/pty"
	"avescript/core/screen"
	"avescript/core/terminal"
)

// patience is how long to wait for something that always comes if nothing is wrong.
const patience = 20 * time.Second

// Program is a program on its own terminal.
type Program struct {
	*terminal.Session
	t testing.TB
}

// Start starts a program. The environment is added to that of the test.
func Start(t testing.TB, size pty.Size, env []string, argv ...string) *Program {
	t.Helper()
	options := terminal.Options{Screen: true}
	options.Size = size
	options.Env = append(append(os.Environ(), "TERM=xterm-256color"), env...)
	s, err := terminal.Spawn(argv, options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = s.Close() })
	return &Program{s, t}
}

// Types sends text, and keys by their names in angle brackets: "ab<Left>c<Enter>". What
// follows an Enter is sent when the program has answered, because the terminal would echo
// it before.
func (p *Program) Types(keys string) {
	p.t.Helper()
	var typed []byte
	for keys != "" {
		name, rest, isKey := strings.Cut(strings.TrimPrefix(keys, "<"), ">")
		if !isKey || keys[0] != '<' {
			n := len(keys)
			if i := strings.IndexByte(keys, '<'); i > 0 {
				n = i
			}
			typed, keys = append(typed, keys[:n]...), keys[n:]
			continue
		}
		key, err := screen.KeyBytes(name, false)
		if err != nil {
			p.t.Fatal(err)
		}
		typed, keys = append(typed, key...), rest
		if name == "Enter" && rest != "" {
			p.sends(typed)
			p.answered()
			typed = nil
		}
	}
	p.sends(typed)
}

func (p *Program) sends(data []byte) {
	p.t.Helper()
	if err := p.Send(context.Background(), data, 0, patience); err != nil {
		p.t.Fatal(err)
	}
}

// answered waits until there is a prompt again, for a second at most: the screen does not
// change any more, and the cursor is behind something.
func (p *Program) answered() {
	p.t.Helper()
	var last *screen.Image
	for deadline := time.Now().Add(time.Second); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		im, err := p.Screen(context.Background())
		if err != nil {
			p.t.Fatal(err)
		}
		if last != nil && im.Cursor.Col > 0 && im.Cursor == last.Cursor && im.Text() == last.Text() {
			return
		}
		last = im
	}
}

// Paste sends text like a terminal that was asked to mark pasted text.
func (p *Program) Paste(text string) {
	p.t.Helper()
	p.sends([]byte("\x1b[200~" + text + "\x1b[201~"))
}

// Shows waits until the screen contains a text.
func (p *Program) Shows(text string) *screen.Image {
	p.t.Helper()
	return p.Until("wanted "+text, func(im *screen.Image) bool { return strings.Contains(im.Text(), text) })
}

// Ends waits until these are the last lines on the screen that are not blank.
func (p *Program) Ends(lines ...string) *screen.Image {
	p.t.Helper()
	want := strings.Join(lines, "\n")
	return p.Until("wanted at the end:\n"+want, func(im *screen.Image) bool {
		return strings.HasSuffix("\n"+strings.TrimRight(im.Text(), " \n"), "\n"+want)
	})
}

// Cursor waits until the cursor is in a row and column, counted from 0.
func (p *Program) Cursor(row, col int) {
	p.t.Helper()
	p.Until(fmt.Sprintf("wanted the cursor in row %d, column %d", row, col), func(im *screen.Image) bool {
		return im.Cursor.Row == row && im.Cursor.Col == col
	})
}

// Until waits until holds is true for the screen.
func (p *Program) Until(wanted string, holds func(*screen.Image) bool) *screen.Image {
	p.t.Helper()
	deadline := time.Now().Add(patience)
	for {
		im, err := p.Screen(context.Background())
		if err != nil {
			p.t.Fatal(err)
		}
		if holds(im) {
			return p.settled(im, holds)
		}
		if time.Now().After(deadline) {
			p.t.Fatalf("%s\ngot:\n%s\ncursor at row %d, column %d", wanted, im.Text(), im.Cursor.Row, im.Cursor.Col)
		}
		time.Sleep(2 * time.Millisecond)
	}
}

// settled returns the image when the program has drawn all of it: a draw may reach the
// screen in several pieces. It is the last image for which holds is true.
func (p *Program) settled(im *screen.Image, holds func(*screen.Image) bool) *screen.Image {
	p.t.Helper()
	for range 20 {
		time.Sleep(5 * time.Millisecond)
		next, err := p.Screen(context.Background())
		if err != nil {
			p.t.Fatal(err)
		}
		if !holds(next) || next.Cursor == im.Cursor && next.Text() == im.Text() {
			return im
		}
		im = next
	}
	return im
}

// WantStatus waits until the program has ended, and checks its exit status.
func (p *Program) WantStatus(want int) {
	p.t.Helper()
	if status, err := p.Wait(context.Background(), patience); status != want || err != nil {
		p.t.Errorf("wanted status %d, got %d, %v", want, status, err)
	}
}
