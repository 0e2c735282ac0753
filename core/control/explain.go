package control

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"sync/atomic"
	"time"

	"avescript/core/connection"
	"avescript/core/exceptions"
	"avescript/core/suggest"
)

// This file adds to the errors of calls which call failed, and what would have been
// allowed.

// describeTime is how long a client waits for the description of the service after a
// call was refused.
const describeTime = time.Second

// description is what a client knows about a service.
type description struct {
	Methods []describedMethod `json:"methods"`
}

type describedMethod struct {
	Name    string   `json:"name"`
	Preauth []string `json:"preauth"`
}

// describer gets the description of the service once for each connection, when it is first
// needed. It is nil if the service has none, or does not return it. Services of the earlier system
// are not asked.
type describer struct {
	offered atomic.Bool // the service is one of this system
	asked   atomic.Bool
	known   atomic.Pointer[description]
}

// forget makes the client ask again: behind another connection may be another version of
// the service.
func (d *describer) forget() {
	d.known.Store(nil)
	d.asked.Store(false)
}

// peer is the name of the service in messages.
func (c *Client) peer() string {
	if c.options.Conn != nil {
		return connection.AddressOf(c.options.Conn.RemoteAddr()).Peer()
	}
	return c.options.Address.Peer()
}

// inHandshake adds the service to the error of a handshake.
func (c *Client) inHandshake(err error) error {
	var e *exceptions.Error
	if !errors.As(err, &e) || !isGone(err) && !errors.Is(err, exceptions.ConnectionTimeout) {
		return err
	}
	return e.Class.Newf("handshake with %s: %w", c.peer(), err)
}

// during adds the call to an error of its connection. Whether a service was killed or
// has ended makes no difference to its clients.
func (c *Client) during(method string, err error) error {
	var e *exceptions.Error
	if !errors.As(err, &e) || e.Foreign || !isGone(err) && !errors.Is(err, exceptions.ConnectionTimeout) {
		return err
	}
	class, hint := e.Class, ""
	if isGone(err) {
		class = exceptions.ConnectionClosed
		if c.anonymous.Load() {
			hint = "; the service may require a key"
		} else if c.options.Reconnect {
			hint = "; the call was not repeated, and the service may have run it; the next call connects again"
		}
	}
	return class.Newf("call of '%s' at %s: %w%s", method, c.peer(), closedIfReset(err), hint)
}

// explained adds to a refusal what would have been allowed. Errors of the service's
// methods are not changed.
func (c *Client) explained(ctx context.Context, method string, left limit, err error) error {
	var e *exceptions.Error
	if !errors.As(err, &e) || !e.Foreign || e.Class != exceptions.Exception || e.Details != nil || e.Trace != nil {
		return err
	}
	isUnknown := e.Message == noSuchRPC(method).Error()
	isRefused := e.Message == errUnauthenticated.Error() || e.Message == errUnauthorized.Error()
	if method == DescribeMethod || !isUnknown && !isRefused {
		return err
	}
	service := c.describedIfIdle(ctx, shorter(left.get(), describeTime))
	if isUnknown {
		return &exceptions.Error{Class: e.Class, Message: e.Message + suggest.Hint(method, service.names()), Foreign: true}
	}
	known := service.method(method)
	refused := exceptions.AuthError.Newf("%s: '%s' %s", e.Message, method, known.needs(e.Message == errUnauthenticated.Error()))
	refused.Foreign, refused.Details = true, map[string]any{"method": method}
	if known.Preauth != nil {
		refused.Details["accounts"] = known.Preauth
	}
	if c.options.Authkey == "" {
		refused.Message += "; this client has no key"
	}
	return refused
}

// describedIfIdle gives the description of the service, which is asked for it when
// that is first needed. It is not asked while other calls are under way, behind
// which the question would have to wait. With a resource, the methods are those of something
// else than the service.
func (c *Client) describedIfIdle(ctx context.Context, timeout time.Duration) *description {
	d := &c.description
	if d.offered.Load() && c.options.Resource == nil && c.Unanswered() == 0 && d.asked.CompareAndSwap(false, true) {
		d.known.Store(c.describe(ctx, timeout))
	}
	return d.known.Load()
}

// describe asks the service for its description. That it takes too long does not
// end the connection, which the answer is read from when it comes.
func (c *Client) describe(ctx context.Context, timeout time.Duration) *description {
	pending, err := c.Start(ctx, DescribeMethod, nil, nil, timeout)
	if err != nil || pending.await(ctx, timeout) != nil || pending.err != nil {
		return nil
	}
	var d description
	if json.Unmarshal(pending.result, &d) != nil {
		return nil
	}
	return &d
}

// names are those of the service's methods.
func (d *description) names() (names []string) {
	if d != nil {
		for _, m := range d.Methods {
			names = append(names, m.Name)
		}
	}
	return names
}

// method is what is known of a method, which may be nothing.
func (d *description) method(name string) (known describedMethod) {
	if d != nil {
		for _, m := range d.Methods {
			if m.Name == name {
				return m
			}
		}
	}
	return known
}

// needs says which key opens a method to a client that was refused as one that is
// not authenticated, or else as one that is not authorized.
func (m describedMethod) needs(authenticated bool) string {
	switch {
	case authenticated:
		return "needs the primary key"
	case len(m.Preauth) > 0:
		return "needs the key of " + strings.Join(m.Preauth, " or ")
	}
	return "needs another key"
}
