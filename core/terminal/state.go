package terminal

import (
	"fmt"
	"slices"
)

// Command is what was started: the program and its arguments.
func (s *Session) Command() []string { return slices.Clone(s.program.Argv) }

// State is what the program is just now, for a person.
func (s *Session) State() string {
	if !s.HasEnded() {
		return "running"
	}
	status, _ := s.out.result()
	if status < 0 {
		return fmt.Sprintf("ended by signal %d", -status)
	}
	return fmt.Sprintf("ended with status %d", status)
}
