package workers

import (
	"fmt"
	"slices"
	"strings"
)

// board is what workers share: values that one of them makes for all, and names that
// one of them holds at a time. It is guarded by the pool's lock.
type board map[key]*resource

type key struct{ verb, name string } // the verb is Shared, Lock or Hold

// resource is a value or a name. The owner of a value is making it.
type resource struct {
	owner   *slot
	waiting []*slot
	made    *Answer // the value, if it was made
	maker   *slot   // the worker that made it, which may still run what it stands for
}

// asked answers a worker, at once or as soon as possible.
func (s *slot) asked(a Ask) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch a.Verb {
	case Shared, Lock, Hold:
		s.question = a
	case Quit:
		s.Quit()
		return
	}
	if a.Verb == Hold || a.Verb == Resume || a.Verb == Forget && s.question.Verb == Hold {
		s.own.asked(s, a) // the terminal is that of this pool
		return
	}
	s.shared.asked(s, a)
}

func (b board) asked(s *slot, a Ask) {
	switch a.Verb {
	case Shared, Lock, Hold:
		b.ask(key{a.Verb, a.Name}, s)
	case Made:
		b.made(key{Shared, a.Name}, s, Answer{Value: a.Value, Failed: a.Failed})
	case Unlock:
		b.free(key{Lock, a.Name}, s)
	case Resume:
		b.free(key{Hold, a.Name}, s)
	case Forget:
		b.free(key{s.question.Verb, s.question.Name}, s)
	}
}

// answer must be called with the pool's lock: the worker may belong to another slot.
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
		r.give(k, by)
	case b.depends(r.owner, by):
		by.answer(Answer{Failed: r.owner.String() + " has it and waits for something that this worker has"})
	default:
		r.waiting = append(r.waiting, by)
		by.answer(Answer{Wait: r.owner.String() + " has it"})
	}
}

// depends reports whether one slot is the other, or waits for it directly or
// indirectly.
func (b board) depends(one, on *slot) bool {
	for one != nil && one != on {
		one = b.blocker(one)
	}
	return one != nil
}

// blocker is the slot that holds what a slot waits for. A slot waits for one thing at a
// time.
func (b board) blocker(waiting *slot) *slot {
	for _, r := range b {
		if slices.Contains(r.waiting, waiting) {
			return r.owner
		}
	}
	return nil
}

func (r *resource) give(k key, to *slot) {
	r.owner = to
	if k.verb == Hold {
		to.lend()
	}
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

// lose forgets the values of a worker that has died, because what it started has ended
// with it. The next worker that asks makes them again.
func (b board) lose(maker *slot) {
	for _, r := range b {
		if r.maker == maker && r.made.Failed == "" {
			r.made, r.maker = nil, nil
		}
	}
}

// free releases a resource that a slot holds or waits for.
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
	if k.verb == Hold {
		from.takeBack()
	}
	if len(r.waiting) > 0 {
		next := r.waiting[0]
		r.waiting = r.waiting[1:]
		r.give(k, next)
	}
}

func (b board) freeAll(s *slot) {
	for k := range b {
		b.free(k, s)
	}
}

// freeAll releases everything that a slot holds or waits for.
func (s *slot) freeAll() {
	s.locked(func() {
		s.own.freeAll(s)
		if s.Board != nil {
			s.shared.freeAll(s)
		}
	})
}

// String is the worker and what it is running. It must be called with the pool's lock.
func (s *slot) String() string {
	at := s.job.File
	if s.current != nil {
		at += ": " + strings.Join(s.current.Path, " ")
	}
	return fmt.Sprintf("worker %d (%s)", s.number, at)
}
