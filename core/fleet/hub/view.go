package hub

import (
	"encoding/json"
	"sync"
	"time"

	"avescript/core/fleet/wire"
)

// view caches the newest view of the lab, because everybody who looks would have it made
// again, and it is large.
type view struct {
	mu   sync.Mutex
	lab  wire.Lab
	made time.Time
	took time.Duration
	data []byte // the answer to a request for it, once somebody has asked
}

const viewInterval = 250 * time.Millisecond

func newView() *view { return &view{} }

// due reports whether it is time for another one. It takes at most a twentieth of the
// leader's time.
func (v *view) due(now time.Time) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	return now.Sub(v.made) > max(viewInterval, 20*v.took)
}

func (v *view) set(lab wire.Lab, began time.Time) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.lab, v.made, v.took, v.data = lab, began, time.Since(began), nil
}

func (v *view) newest() wire.Lab {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.lab
}

// answer is the answer to a request for the view, as JSON.
func (v *view) answer() []byte {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.data == nil {
		v.data, _ = json.Marshal(wire.Answer{Lab: &v.lab})
	}
	return v.data
}
