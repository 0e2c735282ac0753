package workers

import "maps"

// Board decides about shared values and locks that the workers of several pools share, each
// in a process of its own and maybe on another machine: see [Pool.Board].
//
// It is told what the workers of one pool ask for and tell, in order. What a worker holds
// is released by [Unlock] and [Forget], even if the worker has died; values that a dead
// worker has made are lost by [Lose].
type Board interface {
	// Ask passes on a question, or something that has no answer; then answer is nil. It must
	// not wait. Each answer comes from another goroutine; the last one has no Wait. The IDs
	// of questions rise, even if a worker is replaced.
	Ask(a Ask, answer func(Answer))
	// Rest is called when the jobs of the pool are done and a worker has made a value. It
	// returns when nobody needs the value any more.
	Rest()
}

// sharing is where a slot asks. Its methods are called with the pool's lock.
type sharing interface {
	asked(s *slot, a Ask)
	freeAll(s *slot) // releases everything that it holds or waits for
	lose(s *slot)    // forgets the values that its worker, which has died, has made
}

// elsewhere passes questions on to a Board, and remembers what has to be released.
type elsewhere struct {
	Board
	of   map[*slot]*held
	last int // the ID of the last question: those of a worker begin again with its successor
}

// held is what a slot has at a Board.
type held struct {
	id    int             // of its last question, at the board
	asks  bool            // it waits for the answer to its question
	names map[key]bool    // locks, and values that it is making
	made  map[string]bool // values that it has made
}

func (e *elsewhere) held(s *slot) *held {
	h := e.of[s]
	if h == nil {
		h = &held{names: map[key]bool{}, made: map[string]bool{}}
		e.of[s] = h
	}
	return h
}

func (e *elsewhere) asked(s *slot, a Ask) {
	h := e.held(s)
	switch a.Verb {
	case Shared, Lock:
		e.last++
		a.ID = e.last
		h.id, h.asks = a.ID, true
		e.Ask(a, func(answer Answer) {
			s.locked(func() {
				if h.id == a.ID && h.asks {
					e.answered(s, a, answer)
				}
			})
		})
	case Made:
		delete(h.names, key{Shared, a.Name})
		if a.Failed == "" {
			h.made[a.Name] = true
		}
		e.Ask(a, nil)
	case Unlock:
		delete(h.names, key{Lock, a.Name})
		e.Ask(a, nil)
	case Forget:
		e.forget(s)
	}
}

// answered passes on an answer to the last question.
func (e *elsewhere) answered(s *slot, a Ask, answer Answer) {
	h := e.held(s)
	if answer.Wait == "" {
		h.asks = false
	}
	if answer.Yours {
		h.names[key{a.Verb, a.Name}] = true
	}
	s.answer(answer)
}

// forget takes back the last question, or its result.
func (e *elsewhere) forget(s *slot) {
	h := e.held(s)
	h.asks = false
	delete(h.names, key{s.question.Verb, s.question.Name})
	e.Ask(Ask{ID: h.id, Verb: Forget, Name: s.question.Name}, nil)
}

func (e *elsewhere) freeAll(s *slot) {
	h := e.held(s)
	if h.asks {
		e.forget(s)
	}
	for k := range maps.Clone(h.names) {
		delete(h.names, k)
		if k.verb == Lock {
			e.Ask(Ask{Verb: Unlock, Name: k.name}, nil)
		} else {
			e.Ask(Ask{Verb: Lose, Name: k.name}, nil) // it was not made: the next one that asks makes it
		}
	}
}

func (e *elsewhere) lose(s *slot) {
	h := e.held(s)
	for name := range h.made {
		e.Ask(Ask{Verb: Lose, Name: name}, nil)
	}
	clear(h.made)
}

// hasMade reports whether a living worker has made a value.
func (e *elsewhere) hasMade() bool {
	for _, h := range e.of {
		if len(h.made) > 0 {
			return true
		}
	}
	return false
}
