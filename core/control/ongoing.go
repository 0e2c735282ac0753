package control

import (
	"cmp"
	"encoding/json"
	"slices"
	"sync"
	"time"

	"avescript/core/exceptions"
)

// OngoingCall is a call in progress, or one that waits for its turn.
type OngoingCall struct {
	Number   uint64   `json:"number"` // as EndCall takes it
	Method   string   `json:"method"`
	Client   [2]any   `json:"client"`   // host and port
	Accounts []string `json:"accounts"` // accounts whose key the client has
	Seconds  float64  `json:"seconds"`  // since it was read
	Waiting  bool     `json:"waiting"`  // for its turn
	Ended    bool     `json:"ended"`    // ended by the administrator, but the method has not returned yet
}

// ongoing are the calls that have no answer yet, except those of the service's own
// methods.
type ongoing struct {
	mu    sync.Mutex
	last  uint64 // number of the last call; a handover continues it, so that no number is used twice
	calls map[uint64]*ongoingCall
}

// ongoingCall is the part of a call that ongoing needs. It is empty for a call that
// cannot be ended.
type ongoingCall struct {
	among    *ongoing
	number   uint64
	method   string
	client   *Conn
	accounts []string
	came     time.Time

	// The following fields are guarded by ongoing.mu.
	begun bool            // has its turn
	end   func(err error) // tells the handler
	ended error           // the error for the client, if the call was ended
}

func (o *ongoing) add(c *Conn, call *Call) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.calls == nil {
		o.calls = map[uint64]*ongoingCall{}
	}
	o.last++
	call.ongoing = ongoingCall{among: o, number: o.last, method: call.Method, client: c, accounts: c.arrival.identity.Accounts, came: time.Now()}
	o.calls[o.last] = &call.ongoing
}

func (o *ongoing) lastNumber() uint64 {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.last
}

// begin says that the call has its turn. It returns an error if the call was ended
// before.
func (oc *ongoingCall) begin() error {
	if oc.among == nil {
		return nil
	}
	oc.among.mu.Lock()
	defer oc.among.mu.Unlock()
	oc.begun = true
	return oc.ended
}

func (oc *ongoingCall) onEnd(end func(err error)) {
	if oc.among == nil {
		return
	}
	oc.among.mu.Lock()
	defer oc.among.mu.Unlock()
	oc.end = end
	if oc.ended != nil {
		end(oc.ended)
	}
}

// finish removes the call and returns its error: Terminated if it was ended, even if
// the call would otherwise be repeated after a handover; else err.
func (oc *ongoingCall) finish(err error) error {
	oc.among.mu.Lock()
	defer oc.among.mu.Unlock()
	delete(oc.among.calls, oc.number)
	if oc.ended != nil && (err == nil || !isExit(err) && exceptionOf(err).Class != exceptions.Terminated) {
		return oc.ended
	}
	return err
}

// describe needs ongoing.mu.
func (oc *ongoingCall) describe() OngoingCall {
	client := oc.client.Address()
	return OngoingCall{
		Number: oc.number, Method: oc.method, Client: [2]any{client.Host, client.Port},
		Accounts: append([]string{}, oc.accounts...),
		Seconds:  time.Since(oc.came).Seconds(), Waiting: !oc.begun, Ended: oc.ended != nil,
	}
}

// list returns the calls, oldest first.
func (o *ongoing) list() []OngoingCall {
	o.mu.Lock()
	defer o.mu.Unlock()
	list := make([]OngoingCall, 0, len(o.calls))
	for _, oc := range o.calls {
		list = append(list, oc.describe())
	}
	slices.SortFunc(list, func(a, b OngoingCall) int { return cmp.Compare(a.Number, b.Number) })
	return list
}

// EndCall ends a call by its number: the handler is notified (see [Call.OnEnd]), and
// the client gets Terminated when the handler returns. A call that still waits for its
// turn is not served.
func (s *Server) EndCall(number uint64) (OngoingCall, error) {
	ended, err := s.ongoing.end(number)
	if err == nil {
		s.journal.printf("call %d (%s) is ended by the administrator", number, shown(ended.Method))
	}
	return ended, err
}

func (o *ongoing) end(number uint64) (OngoingCall, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	oc := o.calls[number]
	if oc == nil {
		return OngoingCall{}, exceptions.Exception.Newf("there is no call %d in progress: see $statistics for those that are", number)
	}
	if oc.ended == nil {
		oc.ended = exceptions.Terminated.Newf("call %d (%s) was ended by the administrator", number, shown(oc.method))
		if oc.end != nil {
			oc.end(oc.ended)
		}
	}
	return oc.describe(), nil
}

// endCall is the method $end_call, with the number as its argument "number".
func (s *Server) endCall(call *Call) (json.RawMessage, error) {
	var positional []uint64
	var named struct{ Number *uint64 }
	err := json.Unmarshal(call.Vargs, &positional)
	if err == nil {
		err = json.Unmarshal(call.Kwargs, &named)
	}
	if named.Number != nil {
		positional = append(positional, *named.Number)
	}
	if err != nil || len(positional) != 1 {
		return nil, exceptions.TypeError.Newf("%s: wanted the number of a call as the only argument", endCallMethod)
	}
	ended, err := s.EndCall(positional[0])
	if err != nil {
		return nil, err
	}
	return json.Marshal(ended)
}
