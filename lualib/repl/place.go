package repl

import "strings"

// wish is what could stand where the cursor is.
type wish int

const (
	nothing wish = iota
	variable
	field
	method
	module   // its name, in a string
	fileName // in a string
)

// place is where the cursor is in a source.
type place struct {
	wish   wish
	from   int      // where the word begins
	word   string   // as far as it has been typed
	path   []string // the names in front of it, of a field or method
	before []token  // the tokens in front of all that
}

// name is what is being typed, with what leads to it: "ave.cmd.run", "session:expect".
func (p place) name() string {
	switch {
	case len(p.path) == 0:
		return p.word
	case p.wish == method:
		return strings.Join(p.path, ".") + ":" + p.word
	}
	return strings.Join(p.path, ".") + "." + p.word
}

// placeOf finds out what is being typed at the end of a source.
func placeOf(source string) place {
	tokens := scan(source)
	n := len(tokens)
	if n > 0 && tokens[n-1].open && tokens[n-1].to == len(source) {
		return placeInside(tokens[:n-1], tokens[n-1])
	}
	p := place{wish: variable, from: len(source), before: tokens}
	if n > 0 && tokens[n-1].to == len(source) {
		switch last := tokens[n-1]; last.kind {
		case name, keyword:
			p.from, p.word, p.before = last.from, last.raw, tokens[:n-1]
		case number, comment:
			return place{}
		}
	}
	p.readPath()
	if p.wish == variable && isNew(p.before) {
		return place{}
	}
	return p
}

// isNew reports whether the name that follows is being declared.
func isNew(before []token) bool {
	n := len(before)
	if n == 0 || before[n-1].kind != keyword {
		return false
	}
	switch before[n-1].raw {
	case "local", "for":
		return true
	case "function":
		return n > 1 && before[n-2].raw == "local"
	}
	return false
}

// readPath removes the names in front of the word from the tokens: "ave.cmd." or "session:".
func (p *place) readPath() {
	rest := p.before
	for n := len(rest); n >= 2 && (rest[n-1].raw == "." || rest[n-1].raw == ":"); n = len(rest) {
		owner := rest[n-2]
		if p.wish == variable {
			p.wish = field
			if rest[n-1].raw == ":" {
				p.wish = method
			}
		} else if rest[n-1].raw == ":" {
			break
		}
		switch owner.kind {
		case name:
			p.path = append([]string{owner.raw}, p.path...)
		case text:
			p.path = append([]string{owner.raw}, p.path...)
			p.before = rest[:n-2]
			return
		default:
			*p = place{} // the result of a call is not known yet
			return
		}
		rest = rest[:n-2]
	}
	if n := len(rest); n > 0 && (rest[n-1].raw == "." || rest[n-1].raw == ":") {
		*p = place{}
		return
	}
	p.before = rest
}

// placeInside returns the place in a string that is being typed.
func placeInside(before []token, last token) place {
	if last.kind == comment {
		return place{}
	}
	content := strings.TrimLeft(last.raw, "[=")
	if c := last.raw[0]; c == '"' || c == '\'' {
		content = last.raw[1:]
	}
	at := last.to - len(content)
	if isRequire(before) {
		return place{wish: module, from: at, word: content}
	}
	if !strings.ContainsAny(content, "/") && !strings.HasPrefix(content, "~") {
		return place{}
	}
	slash := strings.LastIndexByte(content, '/') + 1
	return place{wish: fileName, from: at + slash, word: content[slash:], path: []string{content[:slash]}}
}

// isRequire tells whether a string is what require is called with.
func isRequire(before []token) bool {
	n := len(before)
	if n > 0 && before[n-1].raw == "(" {
		n--
	}
	return n > 0 && before[n-1].raw == "require" && (n == 1 || before[n-2].raw != "." && before[n-2].raw != ":")
}

// call is the call whose arguments are being typed at the end of a source.
type call struct {
	place       // of the function's name
	arg     int // which argument, from 0
	inTable bool
}

// callOf finds the innermost open call. inTable is true if the end is in a table that is an
// argument.
func callOf(source string) (c call, ok bool) {
	tokens := scan(source)
	depth, commas := 0, 0
	for i := len(tokens) - 1; i > 0; i-- {
		t := tokens[i]
		switch {
		case t.kind == comment || t.kind == text:
		case t.raw == "," && depth == 0:
			commas++
		case t.raw == ")" || t.raw == "]" || t.raw == "}" || t.raw == "end" || t.raw == "until":
			depth++
		case depth > 0 && opensBlock(t.raw):
			depth--
		case t.raw == "{":
			if c.inTable {
				return c, false
			}
			c.inTable, commas = true, 0
			if last := tokens[i-1]; last.kind == name {
				c.place = placeOf(source[:last.to])
				return c, c.wish != nothing
			}
		case t.raw == "(" && tokens[i-1].kind == name:
			if i > 1 && tokens[i-2].raw == "function" {
				return c, false
			}
			c.place, c.arg = placeOf(source[:tokens[i-1].to]), commas
			return c, c.wish != nothing
		case t.raw == "(" || t.raw == "[":
			commas = 0
		case opensBlock(t.raw):
			return c, false
		}
	}
	return c, false
}

func opensBlock(raw string) bool {
	switch raw {
	case "(", "[", "{", "do", "then", "function", "repeat":
		return true
	}
	return false
}
