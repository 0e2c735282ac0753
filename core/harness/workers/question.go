package workers

import (
	"errors"
	"os"
	"sync"
)

// question is the question for which a worker is waiting.
type question struct {
	asking sync.Mutex // one at a time

	mu     sync.Mutex
	ask    Ask
	answer chan Answer // nil if nobody waits
	wait   string      // why there is no answer yet
}

// Ask asks the parent and waits for the answer.
func (l *Link) Ask(done <-chan struct{}, a Ask) (Answer, error) {
	q := &l.question
	q.asking.Lock()
	defer q.asking.Unlock()
	answer := make(chan Answer, 1)
	q.mu.Lock()
	a.ID = q.ask.ID + 1
	q.ask, q.answer, q.wait = a, answer, ""
	q.mu.Unlock()
	l.Tell(a)
	select {
	case answer := <-answer:
		return answer, nil
	case <-l.gone:
		return Answer{}, errors.New("the parent process has ended")
	case <-done:
		q.mu.Lock()
		q.answer = nil
		q.mu.Unlock()
		l.Tell(Ask{Verb: Forget})
		return Answer{}, os.ErrDeadlineExceeded
	}
}

// answered takes an answer. The answer to an abandoned question is ignored.
func (q *question) answered(a Answer) {
	q.mu.Lock()
	defer q.mu.Unlock()
	switch {
	case q.answer == nil || a.ID != q.ask.ID:
	case a.Wait != "":
		q.wait = a.Wait
	default:
		q.answer <- a
		q.answer = nil
	}
}

// Waiting returns the question that has to wait for another worker, and why.
func (l *Link) Waiting() (ask Ask, why string) {
	q := &l.question
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.answer == nil {
		return Ask{}, ""
	}
	return q.ask, q.wait
}
