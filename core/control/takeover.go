package control

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"avescript/core/connection"
	"avescript/core/exceptions"
	"avescript/core/fdtx"
)

// usualDescriptors are what a service has open beside its connections, roughly.
const usualDescriptors = 100

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
			err = fmt.Errorf("the service has ended, or given up, while it was handed over: %w", err)
		}
		return nil, err
	}
	e.until = time.Now().Add(timeout + takeoverGrace)
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
	answer, err := client.Call(ctx, handoverMethod, arguments, nil, connection.Forever)
	client.Close()
	if err != nil {
		return nil, err
	}
	var begun handoverAnswer
	if err := json.Unmarshal(answer, &begun); err != nil {
		return nil, fmt.Errorf("wanted a service that can be handed over: %w", err)
	}
	makeRoomFor(begun.Connections)
	if err := link.Accept(ctx, fdtx.Forever); err != nil {
		return nil, err
	}
	if err := link.Put(ctx, []byte(token), nil, fdtx.Forever); err != nil {
		return nil, err
	}
	return receiveEstate(ctx, link)
}

// makeRoomFor has the system enlarge this process's table of descriptors. In a
// program with threads that takes tens of milliseconds, which the clients would
// have to wait. If it doesn't work it will take them.
func makeRoomFor(connections int) {
	fd, err := unix.Open("/", unix.O_PATH|unix.O_CLOEXEC, 0)
	if err != nil {
		return
	}
	last, err := unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, connections+usualDescriptors)
	if err == nil {
		_ = unix.Close(last)
	}
	_ = unix.Close(fd)
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
		c.identity, c.established, c.challenge = client.identity(), client.Established, client.Challenge
		c.removed.Store(client.Removed)
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
	e.clients = nil // and what they have sent is not kept
}

// Succeed tells the process that has left its estate to let go of it, and is
// called when everything is ready to serve in its place. After an error the
// service must not serve, but [Server.Renounce].
func (s *Server) Succeed(ctx context.Context) error {
	link := s.options.Estate.link
	defer link.Close()
	ctx, cancel := context.WithDeadline(ctx, s.options.Estate.until)
	defer cancel()
	err := link.Put(ctx, []byte{ready}, nil, fdtx.Forever)
	if err == nil || hasDied(err) { // it may have refused before, and closed its end
		err = expect(ctx, link, goOn)
	}
	if hasDied(err) {
		return nil // without a word; nobody else has the service
	}
	if err != nil {
		return err
	}
	if err := link.Put(context.WithoutCancel(ctx), []byte{serving}, nil, takeoverGrace); !hasDied(err) {
		return err
	}
	return nil
}

// hasDied reports whether err means that the process at the other end of a link
// has died: it says a last word before it closes its end. Nothing must be left
// to read.
func hasDied(err error) bool { return errors.Is(err, exceptions.ConnectionClosed) }

// Renounce closes a service that could not take over an estate, without a word
// to anybody.
func (s *Server) Renounce() { s.depart() }
