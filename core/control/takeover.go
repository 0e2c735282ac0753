package control

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"

	"avescript/core/connection"
	"avescript/core/exceptions"
	"avescript/core/fdtx"
)

// TakeOver asks a service on this host for its estate, to go on in its place.
// The options are those of a client with the service's primary key. The timeout
// limits the whole handover, which ends with [Server.Succeed]; the clients wait
// meanwhile. When anything fails, the service goes on where it was.
func TakeOver(ctx context.Context, options ClientOptions, timeout time.Duration) (*Estate, error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	dir, err := os.MkdirTemp("", "ave-takeover-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	link := fdtx.New()
	e, err := takeOver(ctx, link, dir, options, timeout)
	if err != nil {
		link.Close()
		if errors.Is(err, exceptions.ConnectionClosed) {
			err = fmt.Errorf("the service has ended while it was handed over: %w", err)
		}
		return nil, err
	}
	return e, nil
}

func takeOver(ctx context.Context, link *fdtx.FdTx, dir string, options ClientOptions, timeout time.Duration) (*Estate, error) {
	path, err := link.Listen(dir, "", fdtx.ListenOptions{})
	if err != nil {
		return nil, err
	}
	token := rand.Text()
	arguments, err := json.Marshal([]any{path, token, timeout.Seconds()})
	if err != nil {
		return nil, err
	}
	client := NewClient(options)
	_, err = client.Call(ctx, handoverMethod, arguments, nil, connection.Forever)
	client.Close()
	if err != nil {
		return nil, err
	}
	if err := link.Accept(ctx, fdtx.Forever); err != nil {
		return nil, err
	}
	if err := link.Put(ctx, []byte(token), nil, fdtx.Forever); err != nil {
		return nil, err
	}
	return receiveEstate(ctx, link)
}

// inherit makes the clients of an estate those of the service, which is frozen
// until it serves.
func (s *Server) inherit(e *Estate) {
	s.frozen.Store(true)
	s.still, s.thawed = make(chan struct{}), make(chan struct{})
	close(s.still)
	s.lastID = e.lastID
	for i := range e.clients {
		client := &e.clients[i]
		c := newConn(s, client.conn, client.ID)
		c.identity, c.established, c.challenge = client.Identity, client.Established, client.Challenge
		c.parked = true
		if len(client.unread) > 0 {
			c.frames.Unread(client.unread)
		}
		if c.established {
			c.frames.SetMax(s.options.Limits.MaxFrame)
		} else {
			c.unknown = s.unknown.PushBack(c)
		}
		c.held, c.stuck = client.unwritten, len(client.unwritten) > 0
		s.conns[c] = struct{}{}
	}
}

// Succeed tells the process that has left its estate to let go of it, and is
// called when everything is ready to serve in its place. After an error the
// service must not serve, but [Server.Renounce].
func (s *Server) Succeed(ctx context.Context) error {
	link := s.options.Estate.link
	defer link.Close()
	err := link.Put(ctx, []byte{ready}, nil, fdtx.Forever)
	if err == nil {
		err = expect(ctx, link, goOn)
	}
	if errors.Is(err, exceptions.ConnectionClosed) {
		return nil // it has died without a word; nobody else has the service
	}
	if err != nil {
		return err
	}
	// That it cannot be told means that it has died since.
	_ = link.Put(context.WithoutCancel(ctx), []byte{serving}, nil, takeoverGrace)
	return nil
}

// Renounce closes a service that could not take over an estate, without a word
// to anybody.
func (s *Server) Renounce() { s.depart() }
