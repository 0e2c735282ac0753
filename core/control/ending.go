package control

import (
	"sync/atomic"

	"avescript/core/exceptions"
)

// ending is the end of a service.
type ending struct {
	closing   atomic.Bool       // set under Server.mu
	shutdown  chan struct{}     // closed together with it
	exit      []byte            // the last message to every client; set before closing is
	postponed *exceptions.Error // the exit of a shutdown that waits for the end of a freeze; Server.mu
}

// begun reports whether the service is being shut down, or belongs to another process
// now.
func (e *ending) begun() bool { return e.closing.Load() }

// begin ends the service. The caller has Server.mu.
func (e *ending) begin() {
	e.closing.Store(true)
	close(e.shutdown)
}
