package workers

import (
	"fmt"
	"slices"
	"strings"
)

// board is what workers share: values that one of them makes for all, and names
// that one of them has at a time. The pool's lock guards it.
type board map[key]*resource

type key struct{ verb, name string } // the verb is Shared or Lock

// resource is a value or a name. Who owns a value is making it.
type resource struct {
	owner   *slot
	waiting []*slot
	made    *Answer // the value, when it is there
	maker   *slot   // whose worker has made it, and may have started what it tells of
}

// asked answers a worker, at once or when it can.
func (s *slot) asked(a Ask) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch a.Verb {
	case Shared, Lock:
		s.question = a
		s.shared.ask(key{a.Verb, a.Name}, s)
	case Made:
		s.shared.made(key{Shared, a.Name}, s, Answer{Value: a.Value, Failed: a.Failed})
	case Unlock:
		s.shared.free(key{Lock, a.Name}, s)
	case Forget:
		s.shared.free(key{s.question.Verb, s.question.Name}, s)
	}
}

// answer is called under the lock: the worker may be another slot's.
func (s *slot) answer(a Answer) {
	if s.worker != nil {
		a.ID = s.question.ID
		s.worker.tell(order{Answer: &a})
	}
}

func (b board) ask(k key, by *slot) {
	r := b[k]
	if r == nil {
		r = &resource{}
		b[k] = r
	}
	switch {
	case r.made != nil:
		by.answer(*r.made)
	case r.owner == nil, r.owner == by && k.verb == Lock:
		r.give(by)
	case b.depends(r.owner, by):
		by.answer(Answer{Failed: r.owner.String() + " has it, and waits for what this one has"})
	default:
		r.waiting = append(r.waiting, by)
		by.answer(Answer{Wait: r.owner.String() + " has it"})
	}
}

// depends tells whether one slot is another one, or waits for it, be it that it
// waits for one that does.
func (b board) depends(one, on *slot) bool {
	for one != nil && one != on {
		one = b.blocker(one)
	}
	return one != nil
}

// blocker is who has what a slot waits for. That is one thing at a time.
func (b board) blocker(waiting *slot) *slot {
	for _, r := range b {
		if slices.Contains(r.waiting, waiting) {
			return r.owner
		}
	}
	return nil
}

func (r *resource) give(to *slot) {
	r.owner = to
	to.answer(Answer{Yours: true})
	for _, by := range r.waiting {
		by.answer(Answer{Wait: to.String() + " has it"})
	}
}

func (b board) made(k key, by *slot, made Answer) {
	r := b[k]
	if r == nil {
		return
	}
	waiting := r.waiting
	r.owner, r.waiting, r.made, r.maker = nil, nil, &made, by
	for _, waits := range waiting {
		waits.answer(made)
	}
}

// lose forgets the values that a worker has made which has died, with all that it had
// started: who asks next makes them anew.
func (b board) lose(maker *slot) {
	for _, r := range b {
		if r.maker == maker && r.made.Failed == "" {
			r.made, r.maker = nil, nil
		}
	}
}

// free takes a resource from a slot, which may have it or wait for it.
func (b board) free(k key, from *slot) {
	r := b[k]
	if r == nil {
		return
	}
	r.waiting = slices.DeleteFunc(r.waiting, func(s *slot) bool { return s == from })
	if r.owner != from {
		return
	}
	r.owner = nil
	if len(r.waiting) > 0 {
		next := r.waiting[0]
		r.waiting = r.waiting[1:]
		r.give(next)
	}
}

// freeAll takes from a slot what it has and has asked for.
func (s *slot) freeAll() {
	s.locked(func() {
		for k := range s.shared {
			s.shared.free(k, s)
		}
	})
}

// String is the worker and what it is at. It is called under the lock.
func (s *slot) String() string {
	at := s.job.File
	if s.current != nil {
		at += ": " + strings.Join(s.current.Path, " ")
	}
	return fmt.Sprintf("worker %d (%s)", s.number, at)
}
