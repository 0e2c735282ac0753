package host

import (
	"encoding/json"

	"github.com/nats-io/nats.go"

	"avescript/core/fleet/link"
	"avescript/core/fleet/wire"
	"avescript/core/harness/workers"
)

// mostEnded is how many tokens of former jobs are remembered. Orders do not come that late.
const mostEnded = 100_000

// ordered handles an order of the hub. It may come more than once.
func (h *host) ordered(m *nats.Msg) {
	if err := link.Genuine(m); err != nil {
		h.Log("%v", err)
		return
	}
	var o wire.Order
	if err := json.Unmarshal(m.Data, &o); err != nil {
		h.Log("cannot read an order of the hub: %v", err)
		return
	}
	switch {
	case o.Start != nil:
		h.begin(*o.Start)
	case o.Stop != nil:
		if j := h.find(o.Stop.Token); j != nil {
			j.stop(o.Stop.Reason, false)
		}
	case o.Answer != nil:
		if j := h.find(o.Answer.Token); j != nil {
			j.answer(o.Answer.Answer)
		}
	case o.Over != "":
		h.over(o.Over)
	}
}

func (h *host) find(token wire.Token) *job {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.jobs[token]
}

// begin begins a job, unless the host has, or has had, a job with this token. Without
// contact it is not begun: the leader repeats the order.
func (h *host) begin(start wire.Start) {
	if !h.hasContact() {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed || h.jobs[start.Token] != nil || h.ended[start.Token] {
		return
	}
	if h.highest.Less(start.Token) {
		if err := h.records.keepHighest(start.Token); err != nil {
			h.Log("cannot remember token %s: %v", start.Token, err)
			return
		}
		h.highest = start.Token
	}
	j := newJob(h, start)
	h.jobs[start.Token] = j
	if h.leaving { // the leader did not know yet: it gets the job back
		j.stop("the host takes no more jobs", true)
	}
	h.jobsRun.Go(j.run)
}

// forget forgets a job that is over, except for its token.
func (h *host) forget(j *job) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.jobs, j.start.Token)
	h.ended[j.start.Token] = true
	h.order = append(h.order, j.start.Token)
	if len(h.order) > mostEnded {
		delete(h.ended, h.order[0])
		h.order = h.order[1:]
	}
}

// over ends what the jobs of a run share.
func (h *host) over(run string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, j := range h.jobs {
		if j.start.Run.ID == run {
			j.over()
		}
	}
}

// answer passes on the final answer to a question.
func (j *job) answer(a workers.Answer) { j.asks.answered(a) }
