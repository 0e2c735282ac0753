package control

import (
	"fmt"
	"sync/atomic"

	"avescript/core/connection"
)

// journal is where a service writes what its administrator and its author should
// know. It counts how often each limit was reached.
type journal struct {
	log    func(message string) // nil if nobody wants to know
	report func(message string) // nil if log is used instead

	hits map[string]*limitHits

	// For events that strangers can cause without reaching a limit, including errors of
	// callbacks.
	authkey, tls, accept, callback throttle

	callbacks callbackErrors
}

// limitHits counts and logs how often one limit was reached.
type limitHits struct {
	count atomic.Int64
	log   throttle
}

func newJournal(o *Options) *journal {
	j := &journal{log: o.Log, report: o.Report, hits: map[string]*limitHits{}}
	for _, limit := range limitNames {
		more := "%d more clients were disconnected (" + limit + ")"
		if limit == maxIncoming || limit == maxValues || limit == maxUnread {
			more = "%d more times there was no room (" + limit + ")"
		}
		j.hits[limit] = &limitHits{log: throttle{log: j.printf, more: more}}
	}
	j.authkey = throttle{log: j.printf, more: "%d more clients were disconnected: they have no valid key"}
	j.tls = throttle{log: j.printf, more: "%d more clients were disconnected: TLS"}
	j.accept = throttle{log: j.printf, more: "%d more connections could not be accepted"}
	j.callback = throttle{log: j.reportf, more: "%d more errors in callbacks"}
	return j
}

// end logs how much was left out of the log so far.
func (j *journal) end() {
	for _, h := range j.hits {
		h.log.end()
	}
	for _, t := range []*throttle{&j.authkey, &j.tls, &j.accept, &j.callback} {
		t.end()
	}
}

func (j *journal) printf(format string, args ...any) {
	if j.log != nil {
		j.log(fmt.Sprintf(format, args...))
	}
}

func (j *journal) reportf(format string, args ...any) {
	if j.report == nil {
		j.printf(format, args...)
		return
	}
	j.report(fmt.Sprintf(format, args...))
}

// callError logs the error of a handler, with its stack. Only an administrator may see
// the stack.
func (j *journal) callError(method string, err error) { j.printf("%s: %s", method, traced(err)) }

// callbackError reports the error of a callback. Clients do not see it.
func (j *journal) callbackError(callback string, err error) {
	j.callbacks.add(callback, err)
	j.callback.printf("error in the callback %s: %s", callback, traced(err))
}

// hit counts and logs that a client was disconnected because it reached a limit.
func (j *journal) hit(limit string, client connection.Address, format string, args ...any) {
	j.note(limit, client, "was disconnected: "+format, args...)
}

// note counts and logs that a client reached a limit.
func (j *journal) note(limit string, client connection.Address, format string, args ...any) {
	h := j.hits[limit]
	h.count.Add(1)
	h.log.printf("%v %s (%s)", client, fmt.Sprintf(format, args...), limit)
}
