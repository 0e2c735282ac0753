package report

import (
	"bytes"
	"io"
)

// gate is standard output, which somebody else may use for a while. Text that is written
// in this time is kept and printed afterwards.
type gate struct {
	to     io.Writer
	closed bool
	kept   bytes.Buffer
}

// Write writes the text, or keeps it during a pause.
func (g *gate) Write(p []byte) (int, error) {
	if g.closed {
		return g.kept.Write(p)
	}
	return g.to.Write(p)
}

// Pause leaves standard output to somebody else, such as a prompt on the terminal. Nothing
// is written there until Resume is called.
func (s *Set) Pause() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.eachTerminal(func(t *Terminal) { t.progress.hide(t.w) })
	s.flush()
	s.stdout.closed = true
}

// Resume writes the text that was kept since Pause.
func (s *Set) Resume() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stdout.closed = false
	_, _ = s.stdout.kept.WriteTo(s.stdout.to) // the next Write gets the same error
	s.eachTerminal(func(t *Terminal) { t.progress.unhide() })
}

func (s *Set) eachTerminal(fn func(*Terminal)) {
	for _, r := range s.reporters {
		if t, ok := r.(*Terminal); ok {
			fn(t)
		}
	}
}
