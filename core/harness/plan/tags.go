package plan

import (
	"fmt"
	"slices"
	"strings"
)

// A tag expression is a tag, "not E", "E and E", "E or E" or "(E)"; "not" binds
// closest, "or" least.

// hasNot reports whether an expression may be true for a block and false for a test in
// it: tests have the tags of their blocks and may have more.
func hasNot(expression string) bool { return slices.Contains(tagWords(expression), "not") }

// anyHolds reports whether one of the expressions is true for these tags. Invalid
// expressions are false.
func anyHolds(expressions, tags []string) bool {
	return slices.ContainsFunc(expressions, func(expression string) bool {
		holds, err := evaluate(expression, tags)
		return err == nil && holds
	})
}

func evaluate(expression string, tags []string) (bool, error) {
	p := &tagParser{words: tagWords(expression), tags: tags}
	holds := p.either()
	if p.err == nil && len(p.words) > 0 {
		p.fail(`"and", "or" or the end`)
	}
	if p.err != nil {
		return false, fmt.Errorf("tags %q: %w", expression, p.err)
	}
	return holds, nil
}

func tagWords(expression string) []string {
	return strings.Fields(strings.NewReplacer("(", " ( ", ")", " ) ").Replace(expression))
}

type tagParser struct {
	words []string // that are not read yet
	tags  []string
	err   error
}

func (p *tagParser) fail(wanted string) {
	if p.err != nil {
		return
	}
	got := "the end"
	if len(p.words) > 0 {
		got = fmt.Sprintf("%q", p.words[0])
	}
	p.err = fmt.Errorf("wanted %s, got %s", wanted, got)
	p.words = nil
}

func (p *tagParser) take(word string) bool {
	if len(p.words) == 0 || p.words[0] != word {
		return false
	}
	p.words = p.words[1:]
	return true
}

func (p *tagParser) either() bool {
	holds := p.both()
	for p.take("or") {
		other := p.both()
		holds = holds || other
	}
	return holds
}

func (p *tagParser) both() bool {
	holds := p.one()
	for p.take("and") {
		other := p.one()
		holds = holds && other
	}
	return holds
}

func (p *tagParser) one() bool {
	switch {
	case p.take("not"):
		return !p.one()
	case p.take("("):
		holds := p.either()
		if !p.take(")") {
			p.fail(")")
		}
		return holds
	case len(p.words) == 0, slices.Contains([]string{"and", "or", ")"}, p.words[0]):
		p.fail("a tag")
		return false
	}
	tag := strings.TrimPrefix(p.words[0], "#")
	p.words = p.words[1:]
	return slices.Contains(p.tags, tag)
}
