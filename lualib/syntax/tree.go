package syntax

import "github.com/yuin/gopher-lua/ast"

// Tree is a source as its author has written it, for tools that read code and do
// not run it. Its lines are those of the source.
type Tree struct {
	Chunk    []ast.Stmt
	Comments map[int]string // those that begin with "--" and end with their line, by line

	// Goto stands for the name "goto", which is a keyword to the parser. It is ""
	// if the source does not contain it.
	Goto string
}

// Parse makes a tree from a source that compiles: only [Compile] finds all errors.
func Parse(source []byte, name string) (tree *Tree, err error) {
	defer func() {
		if rcv := recover(); rcv != nil {
			tree, err = nil, asError(rcv, name)
		}
	}()
	lx := newLexer(source)
	lx.comments = map[int]string{}
	for lx.next() {
	}
	chunk, gotoName, err := parseTokens(lx.tokens, name)
	if err != nil {
		return nil, asError(err, name)
	}
	return &Tree{chunk, lx.comments, gotoName}, nil
}
