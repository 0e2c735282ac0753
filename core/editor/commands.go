package editor

import (
	"io"
	"os"
	"os/signal"
	"strings"
	"sync"
	"syscall"
	"time"
)

// commands are the keys that only change the text or the cursor.
var commands = sync.OnceValue(func() map[string]func(*Editor) {
	return map[string]func(*Editor){
		"Left":   func(e *Editor) { e.move(e.text.before(e.text.at)) },
		"Ctrl-B": func(e *Editor) { e.move(e.text.before(e.text.at)) },
		"Right":  func(e *Editor) { e.move(e.text.after(e.text.at)) },
		"Ctrl-F": func(e *Editor) { e.move(e.text.after(e.text.at)) },
		"Home":   func(e *Editor) { e.move(e.text.lineStart(e.text.at)) },
		"Ctrl-A": func(e *Editor) { e.move(e.text.lineStart(e.text.at)) },
		"End":    func(e *Editor) { e.move(e.text.lineEnd(e.text.at)) },
		"Ctrl-E": func(e *Editor) { e.move(e.text.lineEnd(e.text.at)) },
		"Alt-b":  func(e *Editor) { e.move(e.text.wordBefore(e.text.at)) },
		"Alt-f":  func(e *Editor) { e.move(e.text.wordAfter(e.text.at)) },
		"Alt-<":  func(e *Editor) { e.move(0) },
		"Alt->":  func(e *Editor) { e.move(len(e.text.s)) },

		"Up":       (*Editor).up,
		"Ctrl-P":   (*Editor).up,
		"Down":     (*Editor).down,
		"Ctrl-N":   (*Editor).down,
		"PageUp":   func(e *Editor) { e.older() },
		"PageDown": func(e *Editor) { e.newer() },
		"Ctrl-R":   (*Editor).beginSearch,

		"Backspace":     (*Editor).backspace,
		"Delete":        func(e *Editor) { e.text.cut(e.text.at, e.text.after(e.text.at), false) },
		"Ctrl-K":        (*Editor).killLine,
		"Ctrl-U":        func(e *Editor) { e.text.cut(e.text.lineStart(e.text.at), e.text.at, true) },
		"Ctrl-W":        func(e *Editor) { e.text.cut(e.text.spaceBefore(e.text.at), e.text.at, true) },
		"Alt-Backspace": func(e *Editor) { e.text.cut(e.text.wordBefore(e.text.at), e.text.at, true) },
		"Alt-d":         func(e *Editor) { e.text.cut(e.text.at, e.text.wordAfter(e.text.at), true) },
		"Ctrl-Y":        func(e *Editor) { e.text.insert(e.text.killed) },
		"Ctrl-_":        func(e *Editor) { e.text.undoStep() },

		"F1":        (*Editor).help,
		"Tab":       (*Editor).tab,
		"Alt-Enter": (*Editor).newline,
		"Ctrl-L":    func(e *Editor) { e.display.clear() },
		"Ctrl-Z":    (*Editor).suspend,
	}
})

// serve handles a key. done is true if the text is finished.
func (e *Editor) serve(k key) (done bool, err error) {
	if e.prefix {
		e.prefix = false
		switch k.name {
		case "Ctrl-E":
			e.editElsewhere()
		case "Ctrl-U":
			e.text.undoStep()
		}
		return false, nil
	}
	if e.search != nil && e.serveSearch(k) || e.menu != nil && e.serveMenu(k) {
		return false, nil
	}
	if k.name != "Up" && k.name != "Down" && k.name != "Ctrl-P" && k.name != "Ctrl-N" && k.name != "PageUp" && k.name != "PageDown" {
		e.recall = nil
	}
	switch k.name {
	case "":
		e.typed(k)
	case "Enter":
		return e.enter()
	case "Ctrl-C":
		e.drawWhole("^C")
		return true, ErrInterrupted
	case "Ctrl-D":
		if e.text.s == "" {
			return true, io.EOF
		}
		commands()["Delete"](e)
	case "Ctrl-X":
		e.prefix = true
	default:
		if command, ok := commands()[k.name]; ok {
			command(e)
		}
	}
	return false, nil
}

func (e *Editor) move(at int) { e.text.set(e.text.s, at); e.text.merging = false }

// typed inserts text.
func (e *Editor) typed(k key) {
	e.text.insert(k.text)
	if !k.pasted {
		e.indentAgain()
	}
}

// indentAgain changes the indentation of a line if it should be different now, for
// example after the last letter of "end". A line whose indentation the user has changed
// is not touched.
func (e *Editor) indentAgain() {
	if e.options.Indent == nil {
		return
	}
	t := &e.text
	start := t.lineStart(t.at)
	line := t.s[start:t.lineEnd(t.at)]
	rest := strings.TrimLeft(line, " \t")
	is := line[:len(line)-len(rest)]
	if start == 0 || t.at != start+len(line) || is != e.options.Indent(t.s[:start], "") {
		return
	}
	if should := e.options.Indent(t.s[:start], rest); should != is {
		at := t.at
		t.replace(start, start+len(is), should)
		t.at = at + len(should) - len(is)
	}
}

// enter finishes the text, if it is complete and the cursor is on its last line.
func (e *Editor) enter() (done bool, err error) {
	isWhole := e.options.IsWhole == nil || e.options.IsWhole(e.text.s)
	if isWhole && e.text.onLastLine() {
		e.accept()
		return true, nil
	}
	e.newline()
	return false, nil
}

func (e *Editor) accept() {
	e.options.History.Add(e.text.s)
	e.drawWhole("")
}

func (e *Editor) newline() {
	t := &e.text
	t.keep()
	before, rest := t.s[:t.at], t.s[t.at:t.lineEnd(t.at)]
	indent := ""
	if e.options.Indent != nil {
		indent = e.options.Indent(before+"\n", strings.TrimLeft(rest, " \t"))
	}
	t.insert("\n" + indent)
}

// backspace removes the character before the cursor, including all its parts, such as
// an accent that was typed separately.
func (e *Editor) backspace() { e.text.cut(e.text.before(e.text.at), e.text.at, false) }

// killLine removes the rest of the line, or its end if there is no rest.
func (e *Editor) killLine() {
	end := e.text.lineEnd(e.text.at)
	if end == e.text.at {
		end = e.text.after(end)
	}
	e.text.cut(e.text.at, end, true)
}

func (e *Editor) help() {
	if e.options.Help == nil {
		return
	}
	if text := e.options.Help(e.text.s, e.text.at); text != "" {
		_, _ = e.Write([]byte(text + "\n"))
	}
}

func (e *Editor) up() {
	if e.recall != nil || e.text.onFirstLine() {
		e.older()
		return
	}
	e.text.vertical(-1)
}

func (e *Editor) down() {
	if e.recall != nil || e.text.onLastLine() {
		e.newer()
		return
	}
	e.text.vertical(1)
}

// stopTime is how long the program may continue after it has asked to be stopped.
// Without a shell that could continue it, it is never stopped.
const stopTime = time.Second

// longStopTime is the same if another process does it.
const longStopTime = 10 * time.Second

// suspend stops the program until the shell continues it.
func (e *Editor) suspend() {
	e.pause(func() {
		continued := make(chan os.Signal, 1)
		signal.Notify(continued, syscall.SIGCONT)
		defer signal.Stop(continued)
		stop, limit := e.options.Suspend, longStopTime
		if stop == nil {
			limit = stopTime
			stop = func() error { return syscall.Kill(0, syscall.SIGTSTP) }
		}
		if stop() == nil {
			select {
			case <-continued:
			case <-time.After(limit):
			}
		}
	})
}

// pause gives the terminal to another program.
func (e *Editor) pause(meanwhile func()) {
	e.display.end()
	_ = e.keys.restore()
	meanwhile()
	_ = e.keys.raw() // if the terminal has gone, reading the next key says so
	e.cols, e.rows = size(e.options.Out)
	e.display.begin(e.cols)
}
