package host

import (
	"context"
	"errors"
	"sync"
	"time"

	"avescript/core/fleet/link"
	"avescript/core/fleet/wire"
	"avescript/core/harness/workers"
)

// askAgain is when a question is repeated that has to wait: its answer may have been lost.
const askAgain = 2 * time.Second

// asks are the questions of a job, which are sent to the leader in order.
type asks struct {
	job   *job
	queue chan workers.Ask

	mu   sync.Mutex
	open int // the ID of the question that waits for its answer; 0 if there is none
}

func newAsks(j *job) *asks {
	const most = 1000
	return &asks{job: j, queue: make(chan workers.Ask, most)}
}

func isQuestion(a workers.Ask) bool { return a.Verb == workers.Shared || a.Verb == workers.Lock }

// send sends questions until ctx ends.
func (a *asks) send(ctx context.Context) {
	var last workers.Ask
	again := time.NewTicker(askAgain)
	defer again.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case ask := <-a.queue:
			switch {
			case isQuestion(ask):
				last = ask
				a.setOpen(ask.ID)
				again.Reset(askAgain)
			case ask.Verb == workers.Forget:
				a.setOpen(0)
			}
			a.ask(ctx, ask)
		case <-again.C:
			if a.isOpen(last.ID) {
				a.ask(ctx, last)
			}
		}
	}
}

func (a *asks) setOpen(id int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.open = id
}

func (a *asks) isOpen(id int) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.open == id && id != 0
}

func (a *asks) ask(ctx context.Context, ask workers.Ask) {
	start := a.job.start
	answer, err := a.job.host.link.Request(ctx, wire.VerbAsk, wire.Ask{Run: start.Run.ID, Job: start.Index, Token: start.Token, Ask: ask})
	var refusal *link.Refusal
	switch {
	case errors.As(err, &refusal) && refusal.Code == wire.CodeStale:
		a.job.kill(wire.Outcome{Status: wire.Died, Message: "the job was given to another host: " + refusal.Message})
	case errors.As(err, &refusal) && isQuestion(ask):
		a.answered(workers.Answer{ID: ask.ID, Failed: refusal.Message})
	case err == nil && isQuestion(ask) && answer.Asked != nil:
		answer.Asked.ID = ask.ID
		a.answered(*answer.Asked)
	}
}

// answered passes an answer to the job, if the question is still open.
func (a *asks) answered(answer workers.Answer) {
	a.mu.Lock()
	if a.open != answer.ID {
		a.mu.Unlock()
		return
	}
	if answer.Wait == "" {
		a.open = 0
	}
	a.mu.Unlock()
	a.job.tell(wire.JobOrder{Answer: &answer})
}
