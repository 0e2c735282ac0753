package link

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"

	"avescript/core/fleet/wire"
)

// How long an answer may take before the request is sent again, and the time between two
// tries that failed at once.
const (
	answerTime = 2 * time.Second
	retryWait  = 20 * time.Millisecond
	retryMost  = time.Second
)

// Refusal is the answer that a request was not fulfilled, and never will be.
type Refusal struct {
	Code    string // see wire.CodeRefused and the others
	Message string

	// Repeated means that the request was sent before, without an answer: an earlier try may
	// have had its effect.
	Repeated bool
}

func (r *Refusal) Error() string { return r.Message }

// Request sends a request to the leader, and repeats it until there is an answer or ctx
// ends. The body may be nil. What the leader refuses is an error of type [*Refusal].
func (l *Link) Request(ctx context.Context, verb string, body any) (wire.Answer, error) {
	return l.request(ctx, l.Config.Role, l.Config.Name, verb, body, l.Conn.RequestMsgWithContext)
}

// RequestAs sends a request for somebody else. Only the hub may do that, for who has logged
// in to its page.
func (l *Link) RequestAs(ctx context.Context, role, name, verb string, body any) (wire.Answer, error) {
	ask := func(ctx context.Context, m *nats.Msg) (*nats.Msg, error) {
		m.Reply = wire.InboxPrefix(role, name) + "." + nats.NewInbox()[len(nats.InboxPrefix):]
		answers, err := l.Conn.SubscribeSync(m.Reply)
		if err != nil {
			return nil, err
		}
		defer func() { _ = answers.Unsubscribe() }()
		if err := l.Conn.PublishMsg(m); err != nil {
			return nil, err
		}
		return answers.NextMsgWithContext(ctx)
	}
	return l.request(ctx, role, name, verb, body, ask)
}

// asker sends a message and waits for the answer.
type asker func(context.Context, *nats.Msg) (*nats.Msg, error)

func (l *Link) request(ctx context.Context, role, name, verb string, body any, ask asker) (wire.Answer, error) {
	data, err := json.Marshal(body)
	if err != nil {
		return wire.Answer{}, fmt.Errorf("encode %s: %w", verb, err)
	}
	subject := wire.RequestSubject(role, name, verb)
	var last error
	repeated := false
	for wait := retryWait; ; wait = l.nextWait(wait) {
		answer, again, err := l.try(ctx, Message(subject, data), ask)
		if !again || answer.Code != "" {
			l.wasHeard()
		} else {
			l.leaveDeaf()
		}
		if !again {
			if refusal := (*Refusal)(nil); errors.As(err, &refusal) {
				refusal.Repeated = repeated
			}
			return answer, err
		}
		repeated = true
		if err != nil && ctx.Err() == nil {
			last = err
		}
		select {
		case <-ctx.Done():
			return wire.Answer{}, l.unanswered(ctx, verb, last)
		case <-l.closed:
			return wire.Answer{}, l.Err()
		case <-time.After(wait):
		}
	}
}

// nextWait is how long to wait after a try that failed. Without a connection a try costs
// nothing, and the hub should hear from here as soon as there is one.
func (l *Link) nextWait(wait time.Duration) time.Duration {
	if !l.Conn.IsConnected() {
		return retryWait
	}
	return min(2*wait, retryMost)
}

// try sends a request once. It returns whether it is to be repeated.
func (l *Link) try(ctx context.Context, m *nats.Msg, ask asker) (_ wire.Answer, again bool, _ error) {
	limited, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	limited, stop := l.untilDenied(limited, m.Subject)
	defer stop()
	got, err := ask(limited, m)
	if cause := context.Cause(limited); err != nil && errors.Is(cause, nats.ErrPermissionViolation) {
		return wire.Answer{}, false, &Refusal{Code: wire.CodeRefused, Message: fmt.Sprintf("the role %s may not do this: ask an administrator", l.Config.Role)}
	}
	if err != nil {
		return wire.Answer{}, true, err
	}
	var answer wire.Answer
	if err := json.Unmarshal(got.Data, &answer); err != nil {
		return wire.Answer{}, false, fmt.Errorf("the answer of the hub is damaged: %w", err)
	}
	switch answer.Code {
	case wire.CodeRetry, wire.CodeNoLeader, wire.CodeFull:
		return answer, true, &Refusal{Code: answer.Code, Message: answer.Error}
	}
	if answer.Error != "" || answer.Code != "" {
		return answer, false, &Refusal{Code: answer.Code, Message: answer.Error}
	}
	return answer, false, nil
}

// unanswered says why a request had no answer.
func (l *Link) unanswered(ctx context.Context, verb string, last error) error {
	if last == nil || errors.Is(last, context.DeadlineExceeded) {
		last = ctx.Err()
	}
	if errors.Is(last, nats.ErrNoResponders) {
		return fmt.Errorf("%s was not answered: no scheduler runs at %s: %w", verb, l.Config.URL, last)
	}
	return fmt.Errorf("%s was not answered by %s: %w", verb, l.Config.URL, last)
}
