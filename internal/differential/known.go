package differential

import (
	"fmt"
	"regexp"
	"strings"
)

// Known is a difference to lua5.1 that is allowed. It is about a line that both print.
type Known struct {
	Why    string         // the sentence of docs/lua.md, or what has to be repaired
	Repair bool           // whether Why is what has to be repaired
	Loop   string         // the AVESCRIPT_LOOP that it is about; "" means any
	Source *regexp.Regexp // what the program contains; nil means any program
	Theirs *regexp.Regexp // what lua5.1 prints
	Ours   *regexp.Regexp // what avescript prints; the groups with the same names are equal
	Rest   bool           // what comes after the line may be different, too
	Shown  int            // how many programs have shown it
}

// ParseKnown reads a list of known differences: paragraphs of lines "name: value". Lines
// that begin with # are comments.
func ParseKnown(text string) (list []*Known, err error) {
	for paragraph := range strings.SplitSeq(text, "\n\n") {
		k := &Known{}
		for line := range strings.Lines(paragraph) {
			line = strings.TrimRight(line, "\n")
			if line == "" || strings.HasPrefix(line, "#") {
				continue
			}
			name, value, _ := strings.Cut(line, ": ")
			if err := k.set(name, value); err != nil {
				return nil, fmt.Errorf("%q: %w", line, err)
			}
		}
		switch {
		case k.Why == "" && k.Theirs == nil && k.Ours == nil:
			continue // comments
		case k.Why == "" || k.Theirs == nil || k.Ours == nil:
			return nil, fmt.Errorf("%q: expected docs or repair, lua5.1, and avescript", paragraph)
		}
		list = append(list, k)
	}
	return list, nil
}

func (k *Known) set(name, value string) (err error) {
	switch name {
	case "docs":
		k.Why = value
	case "repair":
		k.Why, k.Repair = value, true
	case "loop":
		k.Loop = value
	case "source":
		k.Source, err = regexp.Compile(value)
	case "lua5.1":
		k.Theirs, err = regexp.Compile(value)
	case "avescript":
		k.Ours, err = regexp.Compile(value)
	case "rest":
		k.Rest = true
	default:
		err = fmt.Errorf("expected docs, repair, loop, source, lua5.1, avescript or rest")
	}
	return err
}

// For returns the entries of a list that are about a loop.
func For(loop string, list []*Known) (chosen []*Known) {
	for _, k := range list {
		if k.Loop == "" || k.Loop == loop {
			chosen = append(chosen, k)
		}
	}
	return chosen
}

// allows tells whether the difference of two lines is this one.
func (k *Known) allows(source, theirs, ours string) bool {
	if k.Source != nil && !k.Source.MatchString(source) {
		return false
	}
	a, b := k.Theirs.FindStringSubmatch(theirs), k.Ours.FindStringSubmatch(ours)
	if a == nil || b == nil {
		return false
	}
	for i, name := range k.Theirs.SubexpNames() {
		if j := k.Ours.SubexpIndex(name); name != "" && j >= 0 && a[i] != b[j] {
			return false
		}
	}
	return true
}

// Difference is the first line of two outputs that is different and not known.
type Difference struct {
	Line         int // counted from 1
	Theirs, Ours string
}

// Compare returns the difference between the outputs of a program, or nil. The entries of
// the list that allow another one count it, once for a program.
func Compare(source, theirs, ours string, list []*Known) *Difference {
	a, b := strings.Split(theirs, "\n"), strings.Split(ours, "\n")
	shown := map[*Known]bool{}
	defer func() {
		for k := range shown {
			k.Shown++
		}
	}()
	for i := range max(len(a), len(b)) {
		left, right := lineOf(a, i), lineOf(b, i)
		if left == right {
			continue
		}
		k := find(list, source, left, right)
		if k == nil {
			return &Difference{Line: i + 1, Theirs: left, Ours: right}
		}
		shown[k] = true
		if k.Rest {
			return nil
		}
	}
	return nil
}

func lineOf(lines []string, i int) string {
	if i < len(lines) {
		return lines[i]
	}
	return "(nothing more)"
}

func find(list []*Known, source, theirs, ours string) *Known {
	for _, k := range list {
		if k.allows(source, theirs, ours) {
			return k
		}
	}
	return nil
}
