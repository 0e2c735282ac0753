package hub

import (
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"time"

	"avescript/core/fleet/wire"
)

// view caches the newest view of the lab, because everybody who looks would have it made
// again, and it is large. Who asks for it sees at least what was answered before.
type view struct {
	asked chan struct{} // somebody waits for a newer one

	mu      sync.Mutex
	lab     wire.Lab
	made    time.Time
	took    time.Duration
	covers  uint64     // message of the ledger whose effects it shows
	needed  uint64     // the last one that was committed
	data    []byte     // the answer to a request for it, once somebody has asked
	waiting []*request // for a view that covers what was committed when they asked
}

const (
	viewInterval = 250 * time.Millisecond // between two views that nobody waits for
	viewShare    = 20                     // at most a part of that size of the leader's time makes views
	viewPatience = time.Second            // nobody waits longer than that for a newer view, which may take long to make
)

func newView() *view { return &view{asked: make(chan struct{}, 1)} }

// due reports whether it is time for another one.
func (v *view) due(now time.Time) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	pause := viewShare * v.took
	if len(v.waiting) > 0 {
		return now.Sub(v.made) > min(pause, viewPatience)
	}
	return now.Sub(v.made) > max(viewInterval, pause)
}

// set replaces the view, and answers everybody who waits.
func (v *view) set(lab wire.Lab, covers uint64, began time.Time) {
	v.mu.Lock()
	v.lab, v.made, v.took, v.covers, v.data = lab, began, time.Since(began), covers, nil
	waiting := v.waiting
	v.waiting = nil
	v.mu.Unlock()
	for _, r := range waiting {
		_ = r.message.Respond(v.answer())
	}
}

// committed says that a message of the ledger is on the disk, so its effects can be known.
func (v *view) committed(seq uint64) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.needed = seq
}

// ask answers a request for the view, as soon as it shows all that was committed by now.
func (v *view) ask(r *request) {
	v.mu.Lock()
	if v.covers < v.needed {
		v.waiting = append(v.waiting, r)
		v.mu.Unlock()
		select {
		case v.asked <- struct{}{}:
		default:
		}
		return
	}
	v.mu.Unlock()
	_ = r.message.Respond(v.answer())
}

// abandon answers everybody who waits: there will be no view of this term.
func (v *view) abandon(err error) {
	v.mu.Lock()
	waiting := v.waiting
	v.waiting = nil
	v.mu.Unlock()
	for _, r := range waiting {
		r.answer(failure(err))
	}
}

// mirror replaces the view of a hub that does not lead by that of the one that does. One that
// is older than what this hub has shown itself came too late: it leads now.
func (v *view) mirror(lab wire.Lab) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if lab.Seq >= v.covers {
		v.lab, v.data = lab, nil
	}
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
		v.data = fitting(v.lab, MaxPayload-(1<<10))
	}
	return v.data
}

// fitting is an answer with a view that has at most so many bytes: without the oldest runs
// that are over and the end of the queue, if need be.
func fitting(lab wire.Lab, most int) []byte {
	for {
		data, err := json.Marshal(wire.Answer{Lab: &lab})
		if err == nil && len(data) <= most {
			return data
		}
		over := 0
		for _, r := range lab.Runs {
			if r.Ended > 0 {
				over++
			}
		}
		switch {
		case over > 0:
			drop := (over + 1) / 2 // the runs are sorted by time
			lab.Runs = slices.DeleteFunc(slices.Clone(lab.Runs), func(r wire.LabRun) bool {
				if r.Ended == 0 || drop == 0 {
					return false
				}
				drop--
				return true
			})
		case len(lab.Queue) > 0:
			lab.Queue = lab.Queue[:len(lab.Queue)/2]
		case len(lab.Runs) > 0:
			lab.Runs = lab.Runs[len(lab.Runs)/2+1:]
		default:
			data, _ = json.Marshal(wire.Answer{Code: wire.CodeRefused, Error: fmt.Sprintf("the view of the lab has %d bytes: wanted at most %d", len(data), most)})
			return data
		}
	}
}
