// Package editor edits text on a terminal: several lines that belong together can be
// edited as one text, with history, completion and highlighting.
//
//	e, err := editor.New(editor.Options{In: os.Stdin, Out: os.Stdout})
//	defer e.Close()
//	for {
//		text, err := e.Read(ctx, "> ", ">> ")
//		...
//	}
//
// It does not depend on the language that is typed: functions in [Options] say what is
// complete, how it is indented, and what could complete it.
//
// # How it draws
//
// The text is laid out again after every key, and the differences to what the terminal
// shows are written, in one write. The only query to the terminal is for the position
// of the cursor, after its size has changed, and the wait for the answer is short. What
// others print while a text is edited goes through [Editor.Write], which shows it above
// the text. display.go has the only lock: everything else belongs to the goroutine in
// [Editor.Read].
//
// # How it reads
//
// It never reads beyond the key that finishes the text. So what was typed ahead stays
// in the terminal until somebody reads it, perhaps another program.
package editor

import (
	"context"
	"errors"
	"io"
	"math"
	"os"
	"os/signal"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"time"
)

// ErrInterrupted is returned by Read after Ctrl-C.
var ErrInterrupted = errors.New("interrupted")

// Options says how a text is edited. Functions may be nil. They are called by the
// goroutine in Read, and must be fast: no key is handled meanwhile.
type Options struct {
	In  *os.File // the terminal
	Out *os.File // the same terminal

	// Prompt returns the prompt for a terminal with so many columns. It is used instead
	// of the prompt of Read, and may change while a text is edited: see [Editor.Redraw].
	Prompt func(cols int) string
	// IsWhole reports whether Enter finishes the text; otherwise it begins a new line.
	IsWhole func(text string) bool
	// Indent returns the white space at the beginning of a line, which may still be
	// empty.
	Indent func(before, line string) string
	// Highlight returns the styles of a text with the cursor at an offset.
	Highlight func(text string, at int) []Span
	// Complete returns possible completions of the text at the cursor.
	Complete func(text string, at int) Completion
	// Hint returns what is shown below the text.
	Hint func(text string, at int) Hint

	// Help returns what F1 prints above the text.
	Help func(text string, at int) string

	// Suspend stops the program until it is continued; nil stops the group of this process,
	// as the terminal does.
	Suspend func() error

	// History are earlier texts; nil for none.
	History *History
	// Suffix is the file name suffix for an external editor.
	Suffix string
}

// Hint is one row below the text, for example the parameters of the function at the
// cursor. A part of it is marked.
type Hint struct {
	Text     string
	From, To int // the part
	// Later, if not nil, is closed when there may be another hint.
	Later <-chan struct{}
}

// Editor edits one text after the other. One goroutine may call Read, all may call
// Write.
type Editor struct {
	options Options
	keys    *keyboard
	display display
	resized chan os.Signal

	text    text
	menu    *menu
	recall  *recall
	search  *search
	queue   []key // keys that arrived while waiting for another one
	prefix  bool  // Ctrl-X was the last key
	prompts [2]string

	hinted  <-chan struct{}       // closed when there may be another hint
	awaited *state                // the text for which Tab had no completions yet
	arrived atomic.Pointer[state] // that text, when there may be completions

	cols, rows int
	top        int // the first visible row of a text that is too tall
}

// New creates an editor on a terminal.
func New(options Options) (*Editor, error) {
	keys, err := openKeyboard(options.In)
	if err != nil {
		return nil, err
	}
	if options.History == nil {
		options.History = &History{}
	}
	return &Editor{options: options, keys: keys, display: display{out: options.Out}, resized: make(chan os.Signal, 1)}, nil
}

// Close restores the terminal.
func (e *Editor) Close() error {
	e.display.end()
	return e.keys.close()
}

// Write prints above the text that is being edited. An incomplete line is kept until
// its end arrives, or the text is finished.
func (e *Editor) Write(p []byte) (int, error) { return e.display.print(p) }

// Redraw draws the text again, if one is being edited, because the prompt has changed.
// Any goroutine may call it.
func (e *Editor) Redraw() { e.keys.interrupt() }

// Read edits a text. Its first line has a prompt, and the others have continuation. The
// error is io.EOF after Ctrl-D, and ErrInterrupted after Ctrl-C. The terminal is in raw
// mode meanwhile, and restored when Read returns, even after a panic.
func (e *Editor) Read(ctx context.Context, prompt, continuation string) (string, error) {
	if err := e.keys.raw(); err != nil {
		return "", err
	}
	defer e.leave()
	signal.Notify(e.resized, syscall.SIGWINCH)
	defer signal.Stop(e.resized)
	over := make(chan struct{})
	defer close(over)
	go e.await(ctx, over)

	e.text = text{goal: -1, killed: e.text.killed}
	e.menu, e.recall, e.search, e.prefix, e.top = nil, nil, nil, false, 0
	e.prompts = [2]string{prompt, continuation}
	e.cols, e.rows = size(e.options.Out)
	e.options.History.refresh()
	e.display.begin(e.cols)
	e.draw()
	return e.edit(ctx)
}

// await interrupts reading when something other than a key arrives.
func (e *Editor) await(ctx context.Context, over <-chan struct{}) {
	done := ctx.Done()
	for {
		select {
		case <-done:
			done = nil
		case <-e.resized:
		case <-over:
			return
		}
		e.keys.interrupt()
	}
}

// leave restores the terminal before the cursor moves below the text: a user who sees
// it there can interrupt the program.
func (e *Editor) leave() {
	_ = e.keys.restore() // fails if the terminal has gone
	e.display.end()
}

// edit handles keys until the text is finished.
func (e *Editor) edit(ctx context.Context) (string, error) {
	for {
		k, err := e.next(-1)
		switch {
		case ctx.Err() != nil:
			e.drawWhole("")
			return "", context.Cause(ctx)
		case errors.Is(err, errWoken):
			e.completeLate()
			if err := e.followSize(); err != nil {
				return "", err
			}
		case errors.Is(err, io.EOF):
			return "", io.EOF
		case err != nil:
			return "", err
		default:
			done, err := e.serve(k)
			if done || err != nil {
				return e.text.s, err
			}
		}
		if !e.isPending() {
			e.draw()
		}
	}
}

func (e *Editor) next(timeout time.Duration) (key, error) {
	if len(e.queue) > 0 {
		k := e.queue[0]
		e.queue = e.queue[1:]
		return k, nil
	}
	return e.keys.readKey(timeout)
}

// isPending reports whether more was typed; drawing can wait then.
func (e *Editor) isPending() bool { return len(e.queue) > 0 || e.keys.isPending() }

// answerTime is how long to wait for an answer of the terminal.
const answerTime = 100 * time.Millisecond

// followSize draws again if the size has changed. Most terminals wrap rows that have
// become too long, which moves what is above the cursor; some cut them. If that makes a
// difference, the column of the cursor shows which it was.
func (e *Editor) followSize() error {
	cols, rows := size(e.options.Out)
	if cols == e.cols && rows == e.rows {
		return nil
	}
	up, cut := e.display.above(cols)
	if up != cut && e.display.column() >= cols {
		column, err := e.whereIsTheCursor()
		if err != nil {
			return err
		}
		if column == cols {
			up = cut
		}
	}
	e.cols, e.rows = cols, rows
	e.display.resize(cols, up)
	return nil
}

// whereIsTheCursor asks for the column of the cursor, which is 0 if there is no answer.
func (e *Editor) whereIsTheCursor() (column int, err error) {
	e.display.ask()
	var others []key
	defer func() { e.queue = append(e.queue, others...) }()
	for deadline := time.Now().Add(answerTime); time.Now().Before(deadline); {
		k, err := e.keys.readKey(time.Until(deadline))
		switch {
		case errors.Is(err, errWoken):
			defer e.keys.interrupt()
		case err != nil:
			return 0, err
		case k.name == "Position":
			return k.column, nil
		case k != key{}:
			others = append(others, k)
		}
	}
	return 0, nil
}

// draw shows the text and what is below it.
func (e *Editor) draw() {
	p := e.picture()
	switch {
	case e.search != nil:
		p.below = []row{oneRow(e.cols, cell{"search: " + e.search.query, 1, dim})}
		p.spans = append(p.spans, e.search.span())
	case e.menu != nil:
		p.below = e.menu.rows(e.cols, e.rows)
	case e.options.Hint != nil:
		hint := e.options.Hint(p.s, p.at)
		if hint.Text != "" {
			p.below = []row{hint.row(e.cols)}
		}
		e.redraw(hint.Later)
	}
	var f frame
	f, e.top = p.frame(e.cols, e.rows, e.top)
	e.display.show(f)
}

// redraw draws again when there may be another hint.
func (e *Editor) redraw(later <-chan struct{}) {
	if later == nil || later == e.hinted {
		return
	}
	e.hinted = later
	go func() {
		<-later
		e.keys.interrupt()
	}()
}

func (e *Editor) picture() picture {
	if e.options.Prompt != nil {
		e.prompts[0] = e.options.Prompt(e.cols)
	}
	p := picture{prompt: e.prompts[0], continuation: e.prompts[1], s: e.text.s, at: e.text.at}
	if e.options.Highlight != nil {
		p.spans = slices.Clone(e.options.Highlight(p.s, p.at))
	}
	return p
}

// drawWhole shows the whole text for the last time, followed by something.
func (e *Editor) drawWhole(behind string) {
	e.text.at = -1 // do not highlight brackets
	p := e.picture()
	p.s += behind
	p.at = len(p.s)
	f, _ := p.frame(e.cols, math.MaxInt, 0)
	e.display.show(f)
}

// row is the hint in a row. If it is too long, the beginning is left out to show the
// marked part.
func (h Hint) row(width int) row {
	for cut := "…"; column(h.Text[:h.To]) >= width && h.From > len(cut); {
		c, _ := cluster(strings.TrimPrefix(h.Text, cut))
		left := len(h.Text) - len(strings.TrimPrefix(h.Text, cut)) + len(c)
		h = Hint{Text: cut + h.Text[left:], From: h.From - left + len(cut), To: h.To - left + len(cut)}
	}
	return oneRow(width, cell{h.Text[:h.From], 1, dim}, cell{h.Text[h.From:h.To], 1, "1;4"}, cell{h.Text[h.To:], 1, dim})
}
