package vm

import "io"

// Stdio is what a script's print and io functions are connected to. Nil
// entries are the process's own.
type Stdio struct {
	In  io.Reader
	Out io.Writer
	Err io.Writer
}
