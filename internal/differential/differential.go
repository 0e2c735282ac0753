// Package differential has programs in Lua, written and generated, whose results are
// compared under lua5.1 and under avescript. A generated program is known by the name of
// its subject and a seed, so it can be made again.
package differential

import (
	"fmt"
	"math/rand"
	"strings"
)

// Program is a program whose output, errors and exit status are compared.
type Program struct {
	Name   string
	Source string

	// Alone is for a program that gets a process of its own: it ends its process, changes
	// what others need, or is about an error that nothing catches. The others share one.
	Alone bool
}

// subject is a generator of programs about one thing.
type subject struct {
	name  string
	share int // of a hundred programs
	write func(g *generator)
	alone bool
}

// subjects are all generators. The shares are by how much each can find.
var subjects = []subject{
	{name: "statements", share: 12, write: (*generator).statements},
	{name: "numbers", share: 10, write: (*generator).numbers},
	{name: "operators", share: 14, write: (*generator).operators},
	{name: "metamethods", share: 8, write: (*generator).metamethods},
	{name: "coroutines", share: 8, write: (*generator).coroutines},
	{name: "errors", share: 8, write: (*generator).errors},
	{name: "arguments", share: 12, write: (*generator).arguments},
	{name: "strings", share: 10, write: (*generator).stringLibrary},
	{name: "tables", share: 5, write: (*generator).tableLibrary},
	{name: "files", share: 3, write: (*generator).files},
	{name: "broken", share: 8, write: (*generator).broken},
	{name: "uncaught", share: 2, write: (*generator).uncaught, alone: true},
}

// Generated returns about n programs of all subjects, always the same ones.
func Generated(n int) (list []Program) {
	for _, s := range subjects {
		for seed := range int64((n*s.share + 99) / 100) {
			list = append(list, s.program(seed))
		}
	}
	return list
}

// Statements returns a program of statements that neither raises an error nor depends on
// how one is worded, so that it also tests a compiler without libraries.
func Statements(seed int64) string {
	return subjects[0].program(seed).Source
}

// Gotos returns the program of [Statements] with goto in the place of some loops.
func Gotos(seed int64) string {
	g := newGenerator(seed)
	g.gotos = true
	g.statements()
	return g.out.String()
}

// FewStatements returns a small program of statements, without the functions that it calls.
func FewStatements(seed int64) string {
	g := newGenerator(seed)
	g.fewStatements(2)
	return strings.TrimPrefix(g.out.String(), prelude)
}

func newGenerator(seed int64) *generator {
	return &generator{Rand: rand.New(rand.NewSource(seed)), vararg: true}
}

func (s subject) program(seed int64) Program {
	g := newGenerator(seed)
	s.write(g)
	return Program{Name: fmt.Sprintf("%s %d", s.name, seed), Source: g.out.String(), Alone: s.alone}
}

// generator writes one program. All its choices come from the seed.
type generator struct {
	*rand.Rand
	out    strings.Builder
	vars   []string // in scope
	loops  int      // around, in this function
	vararg bool
	depth  int
	names  int
	gotos  bool // what Lua 5.1 does with repeat and break is done with goto
}

func (g *generator) line(format string, args ...any) {
	fmt.Fprintf(&g.out, "%s%s\n", strings.Repeat(" ", g.depth), fmt.Sprintf(format, args...))
}

func (g *generator) pick(choices ...string) string { return choices[g.Intn(len(choices))] }

// several joins up to n texts.
func (g *generator) several(n int, separator string, text func() string) string {
	list := make([]string, g.Intn(n+1))
	for i := range list {
		list[i] = text()
	}
	return strings.Join(list, separator)
}

// fill replaces $1, $2, ... in a text.
func fill(text string, values ...string) string {
	for i, value := range values {
		text = strings.ReplaceAll(text, fmt.Sprint("$", i+1), value)
	}
	return text
}
