package editor

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// Completion lists what the text between From and the cursor could become.
type Completion struct {
	From  int
	Items []Item
	// Later, if not nil, is closed when there may be more items, which are added to the
	// menu.
	Later <-chan struct{}
}

// Item is one possible completion.
type Item struct {
	Text   string
	Detail string // shown beside it
	// Suffix is appended after the completion, for example the dot after a module.
	// Unless it ends in a blank, completions after it are offered at once.
	Suffix string
}

// mostRows is the maximum number of rows of a menu.
const mostRows = 8

// menu offers completions below the text. The chosen one is inserted in the text.
type menu struct {
	Completion
	typed  string // what is being completed
	chosen int    // -1 for none
	first  int    // the item in the first row
}

// tab completes the text before the cursor, and opens the menu if there are several
// ways.
func (e *Editor) tab() {
	before := e.text.s[e.text.lineStart(e.text.at):e.text.at]
	if strings.TrimLeft(before, " \t") == "" {
		e.text.insert("\t")
		return
	}
	c := e.completion()
	e.wait(c.Later)
	switch len(c.Items) {
	case 0:
	case 1:
		e.complete(c.From, c.Items[0].Text+c.Items[0].Suffix)
		if suffix := c.Items[0].Suffix; suffix != "" && !strings.HasSuffix(suffix, " ") {
			e.open(e.completion())
		}
	default:
		typed := e.text.s[c.From:e.text.at]
		common := c.common()
		if len(common) > len(typed) {
			e.complete(c.From, common)
			e.open(c)
			return
		}
		e.open(c)
		e.choose(0)
	}
}

// wait handles Tab again when there may be more completions.
func (e *Editor) wait(later <-chan struct{}) {
	if later == nil {
		return
	}
	awaited := &state{e.text.s, e.text.at}
	e.awaited = awaited
	go func() {
		<-later
		e.arrived.Store(awaited)
		e.keys.interrupt()
	}()
}

// completeLate opens the menu, or adds to the open one, unless the text has changed
// meanwhile.
func (e *Editor) completeLate() {
	arrived := e.arrived.Swap(nil)
	if arrived == nil || arrived != e.awaited {
		return
	}
	m := e.menu
	switch {
	case m == nil && *arrived == state{e.text.s, e.text.at}:
		e.tab()
	case m != nil:
		e.complete(m.From, m.typed)
		e.open(e.completion())
		if e.menu == nil || m.chosen < 0 {
			return
		}
		if i := slices.IndexFunc(e.menu.Items, func(item Item) bool { return item.Text == m.Items[m.chosen].Text }); i >= 0 {
			e.choose(i)
		}
	}
}

func (e *Editor) completion() Completion {
	if e.options.Complete == nil {
		return Completion{}
	}
	return e.options.Complete(e.text.s, e.text.at)
}

func (e *Editor) open(c Completion) {
	e.menu = nil
	if len(c.Items) > 0 {
		e.menu = &menu{Completion: c, typed: e.text.s[c.From:e.text.at], chosen: -1}
	}
}

func (e *Editor) complete(from int, s string) {
	if e.text.s[from:e.text.at] != s {
		e.text.keep()
		e.text.replace(from, e.text.at, s)
	}
}

// choose inserts an item in the text.
func (e *Editor) choose(i int) {
	m := e.menu
	m.chosen = (i + len(m.Items)) % len(m.Items)
	e.complete(m.From, m.Items[m.chosen].Text)
}

// common is the common beginning of all items.
func (c Completion) common() string {
	common := c.Items[0].Text
	for _, item := range c.Items[1:] {
		for !strings.HasPrefix(item.Text, common) {
			_, size := utf8.DecodeLastRuneInString(common)
			common = common[:len(common)-size]
		}
	}
	return common
}

// serveMenu reports whether a key was for the menu. Any other key closes the menu.
func (e *Editor) serveMenu(k key) bool {
	m := e.menu
	switch k.name {
	case "Tab", "Down", "Ctrl-N":
		e.choose(m.chosen + 1)
		return true
	case "Shift-Tab", "Up", "Ctrl-P":
		e.choose(max(m.chosen, 0) - 1)
		return true
	case "Escape", "Ctrl-G":
		e.complete(m.From, m.typed)
		e.menu = nil
		return true
	case "Enter":
		e.menu = nil
		if m.chosen >= 0 {
			e.complete(m.From, m.Items[m.chosen].Text+m.Items[m.chosen].Suffix)
		}
		return m.chosen >= 0
	}
	e.menu = nil
	if m.chosen >= 0 || k.pasted || k.name != "Backspace" && (k.name != "" || !isWord(firstRune(k.text))) {
		return false
	}
	if k.name == "Backspace" {
		e.backspace()
	} else {
		e.typed(k)
	}
	if e.text.at >= m.From {
		e.open(e.completion())
	}
	return true
}

func firstRune(s string) rune {
	r, _ := utf8.DecodeRuneInString(s)
	return r
}

// rows are the rows of the menu, or the part around the chosen item.
func (m *menu) rows(cols, height int) (rows []row) {
	room := max(1, min(mostRows, height-2))
	if len(m.Items) > room {
		room = max(1, room-1) // for the number of the other items
	}
	at := max(m.chosen, 0)
	m.first = max(min(m.first, at, max(0, len(m.Items)-room)), at-room+1)
	shown := m.Items[m.first:min(len(m.Items), m.first+room)]
	width := 0
	for _, item := range shown {
		width = max(width, column(item.Text))
	}
	for i, item := range shown {
		style := Style("")
		if m.first+i == m.chosen {
			style = chosen
		}
		pad := strings.Repeat(" ", width-column(item.Text))
		rows = append(rows, oneRow(cols, cell{" " + item.Text + pad + " ", 1, style}, cell{" " + item.Detail, 1, dim}))
	}
	if len(shown) < len(m.Items) {
		rows = append(rows, oneRow(cols, cell{fmt.Sprintf(" %d to %d of %d", m.first+1, m.first+len(shown), len(m.Items)), 1, dim}))
	}
	return rows
}
