package vm

import (
	"cmp"
	"io"
	"os"
)

// Stdio is what a script's print and io functions are connected to. Nil entries
// mean those of the process.
type Stdio struct {
	In  io.Reader
	Out io.Writer
	Err io.Writer
}

// Stderr is where messages about the code in the interpreter go.
func (vm *VM) Stderr() io.Writer { return cmp.Or[io.Writer](vm.stderr, os.Stderr) }
