package fdtx

import "strings"

// State describes the state of the FdTx to a person.
func (t *FdTx) State() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	var states []string
	if t.conn != nil {
		states = append(states, "connected")
	}
	if t.listener != nil {
		states = append(states, "listening at "+t.listener.path)
	}
	if states == nil {
		return "not connected"
	}
	return strings.Join(states, ", ")
}
