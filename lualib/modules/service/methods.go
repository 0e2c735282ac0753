package service

import (
	"context"
	"errors"
	"sync"
	"time"

	lua "github.com/yuin/gopher-lua"

	"avescript/core/control"
	"avescript/core/probe"
	"avescript/lualib/bind"
)

// askTime is how long a service may take to list its methods; askAgain is how long
// to wait before it is asked again.
const (
	askTime  = 2 * time.Second
	askAgain = 5 * time.Second
)

// asked is what a service has told about its methods.
type asked struct {
	mu    sync.Mutex
	name  string
	known []probe.Method
	err   error         // why the methods are not known
	later chan struct{} // closed when there is an answer or an error
	until time.Time     // when it may be asked again
	links uint64        // how many connections the client had made when it was asked
}

// Methods lists the methods of the service that a RemoteControl calls; of any other value
// there are none. It waits for nothing: the service is asked in the background, on a
// connection of its own, so that no call is held up by it, and again after the client has
// connected anew. later is closed when there may be more. The error says why the service
// has not told them.
func Methods(remoteControl lua.LValue) (methods []probe.Method, later <-chan struct{}, err error) {
	r, ok := bind.Part[*remote](remoteControl)
	if !ok {
		return nil, nil, nil
	}
	return r.asked.methods(r.client)
}

// Name is what the service calls itself that a RemoteControl calls, as far as it has told:
// see [Methods]. What it has told before it was restarted counts.
func Name(remoteControl lua.LValue) string {
	r, ok := bind.Part[*remote](remoteControl)
	if !ok {
		return ""
	}
	r.asked.mu.Lock()
	defer r.asked.mu.Unlock()
	return r.asked.name
}

func (a *asked) methods(c *control.Client) ([]probe.Method, <-chan struct{}, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	connected, links := c.Connections()
	fresh := a.links == links
	switch {
	case a.later != nil, fresh && time.Now().Before(a.until):
		return a.known, a.later, a.err
	case a.known != nil && a.err == nil && (fresh || !connected):
		return a.known, nil, nil
	}
	another := c.Another()
	if another == nil {
		return nil, nil, errors.New("asking for them needs another connection, and this client was made with a connection")
	}
	a.until, a.links = time.Now().Add(askAgain), links
	a.err, a.later = nil, make(chan struct{})
	go a.ask(another)
	return a.known, a.later, nil
}

func (a *asked) ask(c *control.Client) {
	ctx, cancel := context.WithTimeout(context.Background(), askTime)
	defer cancel()
	name, methods, err := probe.Methods(ctx, c, askTime)
	_ = c.Close()
	a.mu.Lock()
	defer a.mu.Unlock()
	if err == nil {
		a.name, a.known = name, append([]probe.Method{}, methods...)
	}
	a.err = err
	close(a.later)
	a.later = nil
}
