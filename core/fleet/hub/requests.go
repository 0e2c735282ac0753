package hub

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go"

	"avescript/core/fleet/link"
	"avescript/core/fleet/schedule"
	"avescript/core/fleet/wire"
)

// request is a message to the leader. Who has sent it is part of its subject, and the server
// lets nobody use the subjects of others.
type request struct {
	role, name, verb string
	body             any // a pointer to the type that the verb has
	size             int
	lane             *lane // that it waits in
	message          *nats.Msg
	received         time.Time
}

// verbs lists for each verb who may use it, and what it says.
var verbs = map[string]struct {
	roles string // separated by spaces
	body  func() any
}{
	wire.VerbSubmit: {"user admin", func() any { return new(wire.Submit) }},
	wire.VerbCancel: {"user admin", func() any { return new(wire.Cancel) }},
	wire.VerbLab:    {"worker user viewer admin hub", func() any { return new(struct{}) }},
	wire.VerbDrain:  {"admin", func() any { return new(wire.Drain) }},
	wire.VerbAside:  {"admin", func() any { return new(wire.Aside) }},
	wire.VerbForget: {"admin", func() any { return new(wire.Drain) }},
	wire.VerbQuota:  {"admin", func() any { return new(wire.Quota) }},
	wire.VerbInvite: {"admin", func() any { return new(wire.Invite) }},
	wire.VerbRevoke: {"admin", func() any { return new(wire.Revoke) }},
	wire.VerbJoin:   {"guest", func() any { return new(wire.Join) }},
	wire.VerbBackup: {"admin", func() any { return new(struct{}) }},
	wire.VerbBeat:   {"worker", func() any { return new(wire.Beat) }},
	wire.VerbResult: {"worker", func() any { return new(wire.Result) }},
	wire.VerbAsk:    {"worker", func() any { return new(wire.Ask) }},
	verbProbe:       {"worker", func() any { return new(probe) }},
}

// receive reads a request. A request that makes no sense is answered here, and nil is
// returned. It is called by the goroutine of the subscription.
func (l *leader) receive(m *nats.Msg) *request {
	now := time.Now()
	role, name, verb, err := link.Sender(m)
	if err != nil {
		l.hub.options.Log("ignored a request: %v", err)
		return nil
	}
	r := &request{role: role, name: name, verb: verb, message: m, received: now, size: len(m.Data)}
	may, known := verbs[r.verb]
	switch {
	case !known:
		r.refuse(wire.CodeRefused, "the hub does not know the request %q: it may be older than this program", r.verb)
		return nil
	case !contains(may.roles, r.role):
		r.refuse(wire.CodeRefused, "the request %q is not for the role %s: wanted %s", r.verb, r.role, strings.ReplaceAll(may.roles, " ", " or "))
		return nil
	}
	most := mostRequest
	if verb == wire.VerbBeat {
		most = mostBeat
	}
	if r.size > most {
		r.refuse(wire.CodeRefused, "the request %q has %d bytes, but may have %d: send it in parts", r.verb, r.size, most)
		return nil
	}
	r.body = may.body()
	if len(m.Data) > 0 {
		if err := json.Unmarshal(m.Data, r.body); err != nil {
			r.refuse(wire.CodeRefused, "cannot read the request %q: %v", r.verb, err)
			return nil
		}
	}
	switch r.verb {
	case verbProbe:
		l.live.probed(*r.body.(*probe))
		return nil
	case wire.VerbLab:
		l.hub.view.ask(r)
		return nil
	}
	if b, ok := r.body.(*wire.Beat); ok && b.Host == r.name {
		l.live.heard(b.Host, b.Incarnation, now)
	}
	return r
}

func contains(words, word string) bool {
	for w := range strings.FieldsSeq(words) {
		if w == word {
			return true
		}
	}
	return false
}

func (r *request) answer(a wire.Answer) {
	_ = link.Respond(r.message, a) // a request whose answer is lost is repeated
}

func (r *request) refuse(code, format string, args ...any) {
	r.answer(wire.Answer{Code: code, Error: fmt.Sprintf(format, args...)})
}

// handle decides what a request leads to. The answer is part of the group, also if it is a
// refusal: only a leader that has just written, or has seen that nobody else has, knows that
// its state is that of the ledger.
func (l *leader) handle(r *request) {
	l.building.bytes += r.size
	if b, ok := r.body.(*wire.Beat); ok {
		l.beat(r, *b)
		return
	}
	if r.verb == wire.VerbBackup {
		l.keep.backups = append(l.keep.backups, r)
		return
	}
	now := time.Now()
	var a wire.Answer
	entries, err := l.decide(r, &a, l.hub.wall(now))
	if err != nil {
		l.reply(r, refusal(err))
		return
	}
	if err := fits(r, entries); err != nil {
		l.reply(r, refusal(err))
		return
	}
	l.add(entries)
	l.reply(r, a)
}

// fits refuses what is too large for a message of the ledger. JSON can be longer there than
// in the request: a byte that is not UTF-8 becomes three.
func fits(r *request, entries []schedule.Entry) error {
	if r.size <= smallRequest {
		return nil
	}
	data, err := plain(entries)
	if err == nil && len(data) > mostRequest {
		err = decline("the request %q needs %d bytes of the ledger, but may need %d: send it in parts", r.verb, len(data), mostRequest)
	}
	return err
}

func (l *leader) reply(to *request, a wire.Answer) {
	l.building.replies = append(l.building.replies, reply{to, a})
}

// refusal is the answer for an error. Who has decided that a request is refused says so with
// a code; anything else has failed here, for example a write, and may work later.
func refusal(err error) wire.Answer {
	var decided *schedule.Error
	var refused *link.Refusal
	switch {
	case errors.As(err, &decided):
		return wire.Answer{Code: decided.Code, Error: err.Error()}
	case errors.As(err, &refused):
		return wire.Answer{Code: refused.Code, Error: err.Error()}
	}
	return wire.Answer{Code: wire.CodeRetry, Error: err.Error()}
}

func decline(format string, args ...any) error {
	return &schedule.Error{Code: wire.CodeRefused, Message: fmt.Sprintf(format, args...)}
}

// decide returns the entries of a request, and adds to its answer.
func (l *leader) decide(r *request, a *wire.Answer, now float64) (entries []schedule.Entry, err error) {
	switch b := r.body.(type) {
	case *wire.Invite, *wire.Revoke, *wire.Join:
		return nil, l.joins(r, a)
	default:
		if err := l.room(r); err != nil {
			return nil, err
		}
		switch b := b.(type) {
		case *wire.Submit:
			return l.submit(r, *b, now)
		case *wire.Cancel:
			return l.state.Cancel(r.name, r.role == wire.Admin, *b, now)
		case *wire.Drain:
			if r.verb == wire.VerbForget {
				return l.state.Forget(r.name, *b, now)
			}
			return l.state.Drain(r.name, *b, now)
		case *wire.Aside:
			return l.state.Aside(r.name, *b, now)
		case *wire.Quota:
			return l.state.Quota(r.name, *b, now)
		case *wire.Result:
			return l.state.Result(r.name, *b, now)
		case *wire.Ask:
			entries, answer, err := l.state.Ask(r.name, *b, now)
			a.Asked = &answer
			return entries, err
		}
	}
	return nil, decline("the hub cannot handle the request %q", r.verb)
}

// room refuses what needs room that the disk does not have.
func (l *leader) room(r *request) error {
	if l.hub.disk.isFull() || r.verb == wire.VerbSubmit && l.hub.disk.tight() {
		return &schedule.Error{Code: wire.CodeFull, Message: "the disk of the hub is full: make room there"}
	}
	return nil
}

func (l *leader) submit(r *request, s wire.Submit, now float64) ([]schedule.Entry, error) {
	if err := wire.CheckName(s.Run.ID); err != nil {
		return nil, decline("the ID of a run is part of subjects: %v", err)
	}
	if s.Run.Inbox != "" && !strings.HasPrefix(s.Run.Inbox, wire.InboxPrefix(r.role, r.name)+".") {
		return nil, decline("the inbox of a run must be one of its submitter")
	}
	s.Run.User = r.name
	return l.state.Submit(r.name, r.role == wire.Admin, s, now)
}

// joins hands out and takes away keys.
func (l *leader) joins(r *request, a *wire.Answer) (err error) {
	joins := l.hub.book
	if !joins.HasKeys() {
		return decline("this lab has no keys: everybody on the hub's own host may do everything")
	}
	switch b := r.body.(type) {
	case *wire.Invite:
		a.Invited, err = joins.Invite(r.role+" "+r.name, *b)
		if err == nil {
			l.hub.options.Log("%s %s has made an invitation for a %s %s", r.role, r.name, b.Role, b.Name)
		}
	case *wire.Revoke:
		err = joins.Revoke(r.role+" "+r.name, *b)
	case *wire.Join:
		a.Role, a.Name, err = joins.Join(r.name, *b)
	}
	return err
}
