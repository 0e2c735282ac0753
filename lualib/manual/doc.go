package manual

import (
	"slices"
	"strings"
)

// The descriptions are Markdown, of which the stubs use little: paragraphs, lists,
// indented code, and within a line `code` and **words**.

// blockKind is the kind of a block.
type blockKind int

const (
	paragraph blockKind = iota
	item                // an item of a list
	code
)

// block is a part of a description. The text of a paragraph or an item is one line.
type block struct {
	kind blockKind
	text string
}

// blocks splits a description into blocks.
func blocks(doc string) []block {
	var list []block
	open := false // the last block goes on
	for line := range strings.SplitSeq(doc, "\n") {
		last := len(list) - 1
		switch {
		case strings.TrimSpace(line) == "":
			if open && list[last].kind == code {
				list[last].text += "\n"
				continue
			}
			open = false
		case strings.HasPrefix(line, "    ") && (!open || list[last].kind == code):
			if !open {
				list, open = append(list, block{kind: code}), true
			}
			list[len(list)-1].text += line[4:] + "\n"
		case strings.HasPrefix(line, "* "):
			list, open = append(list, block{item, line[2:]}), true
		case open && list[last].kind != code:
			list[last].text += " " + strings.TrimSpace(line)
		default:
			list, open = append(list, block{paragraph, line}), true
		}
	}
	for i := range list {
		list[i].text = strings.TrimRight(list[i].text, "\n")
	}
	return list
}

// firstCode returns the first code in a description.
func firstCode(doc string) string {
	all := blocks(doc)
	if i := slices.IndexFunc(all, func(b block) bool { return b.kind == code }); i >= 0 {
		return all[i].text
	}
	return ""
}

// withoutRaises separates what a description says about errors: the rest of a
// paragraph from a sentence that begins with "Raises", and the list after a colon.
func withoutRaises(doc string) (rest, raises string) {
	var kept, taken []string
	listFollows := false
	for part := range strings.SplitSeq(doc, "\n\n") {
		at := raisesAt(part)
		switch {
		case listFollows && strings.HasPrefix(part, "* "):
			taken, listFollows = append(taken, part), false
		case at >= 0:
			taken, listFollows = append(taken, part[at:]), strings.HasSuffix(part, ":")
			if before := strings.TrimSpace(part[:at]); before != "" {
				kept = append(kept, before)
			}
		default:
			kept = append(kept, part)
		}
	}
	return strings.Join(kept, "\n\n"), strings.Join(taken, "\n\n")
}

// raisesAt returns where a sentence about errors begins, or -1.
func raisesAt(part string) int {
	if strings.HasPrefix(part, "    ") {
		return -1
	}
	for _, begin := range []string{"Raises ", "Raises:", "Raised are ", "A call raises:"} {
		for from := 0; ; from++ {
			at := strings.Index(part[from:], begin)
			if at < 0 {
				break
			}
			from += at
			if before := strings.TrimRight(part[:from], " \n"); before == "" || strings.HasSuffix(before, ".") {
				return from
			}
		}
	}
	return -1
}

// span is a piece of a line.
type span struct {
	text string
	look spanLook
}

type spanLook int

const (
	plainText spanLook = iota
	codeText
	strongText
)

// spans splits a line into pieces.
func spans(line string) []span {
	var list []span
	for i, part := range strings.Split(line, "`") {
		if i%2 == 1 {
			list = append(list, span{part, codeText})
			continue
		}
		for k, words := range strings.Split(part, "**") {
			if words != "" {
				list = append(list, span{words, []spanLook{plainText, strongText}[k%2]})
			}
		}
	}
	return list
}

// namesIn lists the names in backquotes in a text, each once.
func namesIn(text string) []string {
	var names []string
	for _, s := range spans(text) {
		name, _, _ := strings.Cut(s.text, "(")
		isName := name != "" && strings.IndexFunc(name, func(r rune) bool { return !isNameRune(r) }) < 0
		if s.look == codeText && isName && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

func isNameRune(r rune) bool {
	return r == '_' || r == '.' || r == ':' || '0' <= r && r <= '9' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z'
}

// SeeAlso lists the functions, classes and modules that the description names,
// except those in the entry itself.
func (e Entry) SeeAlso() []Entry {
	var found []Entry
	for _, name := range namesIn(e.Doc) {
		other, ok := e.lookUp(name)
		known := slices.ContainsFunc(found, func(f Entry) bool { return f.Name == other.Name })
		if ok && !known && other.Name != e.Name && other.Name != e.Owner && other.Owner != e.Name && other.Kind != Field {
			found = append(found, other)
		}
	}
	return found
}

// lookUp finds what a description means by a name: an entry beside it or in its
// module comes before others of the same name. A word without a dot may also be a
// parameter.
func (e Entry) lookUp(name string) (Entry, bool) {
	b := theBook()
	for _, scope := range []string{e.Name, e.Owner, e.Module} {
		if other, ok := b.entry(scope + "." + name); ok && scope != "" {
			return other, true
		}
	}
	isParam := slices.ContainsFunc(slices.Concat(e.Params, e.Fields), func(p Param) bool { return p.Name == name })
	if isParam || !strings.ContainsAny(name, ".:") && strings.ToLower(name) == name {
		return b.entry(name)
	}
	return Find(name)
}
