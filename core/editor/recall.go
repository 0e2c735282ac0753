package editor

import "strings"

// recall moves through the history, among the texts with the same beginning as the text
// before the cursor when it began.
type recall struct {
	prefix  string
	index   int   // in the history; its length for the text that was being written
	written state // that text
}

func (e *Editor) begun() *recall {
	if e.recall == nil {
		e.recall = &recall{e.text.s[:e.text.at], len(e.options.History.entries), state{e.text.s, e.text.at}}
	}
	return e.recall
}

func (e *Editor) older() {
	r := e.begun()
	for i := r.index - 1; i >= 0; i-- {
		if e.recallTo(i) {
			return
		}
	}
}

func (e *Editor) newer() {
	r := e.begun()
	entries := e.options.History.entries
	for i := r.index + 1; i < len(entries); i++ {
		if e.recallTo(i) {
			return
		}
	}
	if r.index < len(entries) {
		e.text.keep()
		e.text.set(r.written.s, r.written.at)
		r.index = len(entries)
	}
}

// recallTo shows a text of the history, unless it is the present one.
func (e *Editor) recallTo(i int) bool {
	entry := e.options.History.entries[i]
	if !strings.HasPrefix(entry, e.recall.prefix) || entry == e.text.s {
		return false
	}
	e.recall.index = i
	e.text.keep()
	e.text.set(entry, len(entry))
	return true
}

// search is the search of Ctrl-R.
type search struct {
	query   string
	index   int // in the history, of the shown text; its length for the text that was being written
	at      int // where the match is
	written state
}

func (s *search) span() Span { return Span{s.at, s.at + len(s.query), matched} }

func (e *Editor) beginSearch() {
	e.search = &search{index: len(e.options.History.entries), at: e.text.at, written: state{e.text.s, e.text.at}}
}

// find shows the newest text that contains the query and is older than another one.
func (e *Editor) find(query string, olderThan int) {
	s := e.search
	for i := min(olderThan, len(e.options.History.entries)) - 1; i >= 0; i-- {
		entry := e.options.History.entries[i]
		at := indexFold(entry, query)
		if at < 0 || query == "" || i < s.index && olderThan == s.index && entry == e.text.s {
			continue
		}
		s.query, s.index, s.at = query, i, at
		e.text.set(entry, at)
		return
	}
	if query == "" {
		s.query, s.index, s.at = "", len(e.options.History.entries), s.written.at
		e.text.set(s.written.s, s.written.at)
	}
}

// indexFold is the position of a part of a text, ignoring case; -1 if there is none.
func indexFold(text, part string) int {
	for at := range text {
		if end := at + len(part); end <= len(text) && strings.EqualFold(text[at:end], part) {
			return at
		}
	}
	return -1
}

// serveSearch reports whether a key was for the search. Any other key accepts the found
// text.
func (e *Editor) serveSearch(k key) bool {
	s := e.search
	switch {
	case k.name == "Ctrl-R":
		e.find(s.query, s.index)
	case k.name == "" && !k.pasted:
		e.find(s.query+k.text, s.index+1)
	case k.name == "Backspace":
		t := text{s: s.query}
		e.find(s.query[:t.before(len(s.query))], len(e.options.History.entries))
	case k.name == "Escape", k.name == "Ctrl-G", k.name == "Ctrl-C":
		e.text.set(s.written.s, s.written.at)
		e.search = nil
	default:
		e.search = nil
		if k.name == "Enter" {
			e.text.at = len(e.text.s)
		}
		return false
	}
	return true
}
