package workers

import "encoding/json"

// board is what workers share: values that one of them makes for all, and names
// that one of them has at a time. The pool's lock guards it.
type board struct {
	values map[string]*value
	locks  map[string]*lock
}

type value struct {
	maker   int // the worker that makes it; 0 when it is there, or nobody does
	done    bool
	answer  Answer
	waiting []*slot
}

type lock struct {
	holder  int
	waiting []*slot
}

func (b *board) init() { b.values, b.locks = map[string]*value{}, map[string]*lock{} }

// asked answers a worker, at once or when it can.
func (s *slot) asked(a Ask) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch a.Verb {
	case Shared:
		s.shared.want(a.Name, s)
	case Made:
		s.shared.made(a.Name, a.Value, a.Failed)
	case Lock:
		s.shared.lock(a.Name, s)
	case Unlock:
		s.shared.unlock(a.Name, s.number)
	}
}

// answer is called under the lock: the worker may be another slot's.
func (s *slot) answer(a Answer) {
	if s.worker != nil {
		s.worker.tell(order{Answer: &a})
	}
}

func (b *board) want(name string, by *slot) {
	v := b.values[name]
	if v == nil {
		v = &value{}
		b.values[name] = v
	}
	switch {
	case v.done:
		by.answer(v.answer)
	case v.maker == 0:
		v.maker = by.number
		by.answer(Answer{Make: true})
	default:
		v.waiting = append(v.waiting, by)
	}
}

func (b *board) made(name string, made json.RawMessage, failed string) {
	v := b.values[name]
	if v == nil {
		return
	}
	v.maker, v.done, v.answer = 0, true, Answer{Value: made, Failed: failed}
	for _, by := range v.waiting {
		by.answer(v.answer)
	}
	v.waiting = nil
}

func (b *board) lock(name string, by *slot) {
	l := b.locks[name]
	if l == nil {
		l = &lock{}
		b.locks[name] = l
	}
	if l.holder == 0 || l.holder == by.number {
		l.holder = by.number
		by.answer(Answer{})
		return
	}
	l.waiting = append(l.waiting, by)
}

func (b *board) unlock(name string, number int) {
	l := b.locks[name]
	if l == nil || l.holder != number {
		return
	}
	l.holder = 0
	if len(l.waiting) > 0 {
		next := l.waiting[0]
		l.waiting = l.waiting[1:]
		l.holder = next.number
		next.answer(Answer{})
	}
}

// free takes from a worker what it holds and has asked for.
func (s *slot) free(number int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	without := func(list []*slot) (rest []*slot) {
		for _, by := range list {
			if by.number != number {
				rest = append(rest, by)
			}
		}
		return rest
	}
	for name, l := range s.shared.locks {
		l.waiting = without(l.waiting)
		s.shared.unlock(name, number)
	}
	for _, v := range s.shared.values {
		v.waiting = without(v.waiting)
		if v.maker != number {
			continue
		}
		v.maker = 0
		if len(v.waiting) > 0 {
			next := v.waiting[0]
			v.waiting = v.waiting[1:]
			v.maker = next.number
			next.answer(Answer{Make: true})
		}
	}
}
