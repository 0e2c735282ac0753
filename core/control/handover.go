package control

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"avescript/core/exceptions"
	"avescript/core/fdtx"
)

// A service is handed over to another process in these steps. The new process,
// which knows the primary key, listens on a socket file and asks for it by the
// RPC $handover. The service connects to the file, is told what only the one who
// asked can know, stands still, and sends its estate. The new process makes a
// service of it and says that it is ready; it is told to go on, and says that it
// serves. Only then does the old one let go: until it reads that, it can go on
// itself as if nothing had happened. The steps are arranged such that at most
// one of both ever serves, also when either dies at any moment.

// The messages between the two.
const (
	estate  = 'E' // the old one stands still, and its estate follows
	ready   = 'R' // the new one has all that it needs
	goOn    = 'G' // the old one will not serve any more if the new one does
	serving = 'S' // the new one has begun
	refused = 'X' // the old one goes on itself
)

// Legacy is what a handler leaves to the one in the process that takes the
// service over: its state, and files that the state speaks of, which are closed
// here when they were sent.
type Legacy struct {
	State json.RawMessage
	Files []*os.File
}

const (
	// defaultHandover is how long a handover may take unless its caller says.
	defaultHandover = 10 * time.Second

	// takeoverGrace is how long the new process may take to serve once it has
	// been told to.
	takeoverGrace = time.Second
)

// handover is what the arguments of $handover ask for.
type handover struct {
	path    string        // of the socket file
	token   string        // that the listener on it will show
	timeout time.Duration // of the whole
}

// handoverAnswer is that of $handover.
type handoverAnswer struct {
	Connections int `json:"connections"` // that there are now
}

func parseHandover(call *Call) (h handover, err error) {
	var seconds float64
	if err := json.Unmarshal(call.Vargs, &[]any{&h.path, &h.token, &seconds}); err != nil || h.path == "" || h.token == "" {
		return h, exceptions.TypeError.Newf("%s: wanted the path of a socket file, a token and a timeout in seconds, got %s", handoverMethod, shown(call.Vargs))
	}
	h.timeout = time.Duration(seconds * float64(time.Second))
	if h.timeout <= 0 {
		h.timeout = defaultHandover
	}
	return h, nil
}

// beginHandover checks whether the service can be handed over, and begins.
func (s *Server) beginHandover(call *Call) (json.RawMessage, error) {
	h, err := parseHandover(call)
	if err != nil {
		return nil, err
	}
	if s.options.TLS != nil {
		return nil, exceptions.Exception.Newf("a service with TLS cannot be handed over: no other process can go on with its encrypted connections")
	}
	if _, ok := s.listener.(*net.TCPListener); !ok || s.isDeaf() {
		return nil, exceptions.Exception.Newf("wanted a service that listens on a TCP port, got one that doesn't, or not any more")
	}
	if !s.handingOver.CompareAndSwap(false, true) {
		return nil, exceptions.Restarting.Newf("the service is being handed over already")
	}
	s.running.Go(func() {
		defer s.handingOver.Store(false)
		if err := s.handOver(h); err != nil {
			s.log("the service was not handed over and goes on: %v", err)
			return
		}
		s.log("the service was handed over")
	})
	return json.Marshal(handoverAnswer{len(s.Connections())})
}

func (s *Server) handOver(h handover) error {
	ctx, cancel := context.WithTimeout(s.ctx, h.timeout)
	defer cancel()
	link := fdtx.New()
	defer link.Close()
	if err := link.Connect(ctx, h.path, 0); err != nil { // it listens, or has gone
		return err
	}
	switch pid, err := link.Peer(); {
	case err != nil:
		return err
	case pid <= 0: // it could not be killed
		return fmt.Errorf("wanted a process of this namespace to listen on %s, got one of another", h.path)
	}
	token, _, err := link.GetExactly(ctx, len(h.token), 0, fdtx.Forever)
	if err != nil {
		return err
	}
	if string(token) != h.token {
		return exceptions.AuthError.Newf("who listens on %s is not who has asked for the service", h.path)
	}
	if err := s.prepare(ctx); err != nil {
		refuse(link)
		return err
	}
	if err := s.freeze(ctx); err != nil {
		refuse(link)
		return err
	}
	if err := s.bequeath(ctx, link); err != nil {
		refuse(link)
		s.thaw()
		return err
	}
	s.depart()
	return nil
}

func (s *Server) prepare(ctx context.Context) error {
	f := s.options.Callbacks.Prepare
	if f == nil {
		return nil
	}
	if err := guard(func() error { return f(ctx) }); err != nil {
		return fmt.Errorf("the service is not ready for it: %w", err)
	}
	return nil
}

// refuse sees to it that the process at the other end of link never serves. One
// that cannot be told takes the end of the connection for the death of this one.
func refuse(link *fdtx.FdTx) {
	err := link.Put(context.Background(), []byte{refused}, nil, takeoverGrace)
	if err != nil && !errors.Is(err, exceptions.ConnectionClosed) {
		kill(link)
	}
}

// kill ends the process at the other end of link. Its number cannot mean another
// one by now: the connection is open.
func kill(link *fdtx.FdTx) {
	if pid, err := link.Peer(); err == nil {
		_ = unix.Kill(pid, unix.SIGKILL)
	}
}

// bequeath gives the service, which is frozen, to the process at the other end
// of link. After an error that process doesn't serve and never will.
func (s *Server) bequeath(ctx context.Context, link *fdtx.FdTx) error {
	if err := s.sendEstate(ctx, link); err != nil {
		return err
	}
	if err := expect(ctx, link, ready); err != nil {
		return fmt.Errorf("the new process did not get ready: %w", err)
	}
	if s.isToEnd() {
		return errEnding
	}
	if err := link.Put(ctx, []byte{goOn}, nil, fdtx.Forever); err != nil {
		return err
	}
	return s.awaitServing(link)
}

func (s *Server) sendEstate(ctx context.Context, link *fdtx.FdTx) error {
	var legacy Legacy
	defer func() { closeFiles(legacy.Files) }()
	if f := s.options.Callbacks.Serialize; f != nil {
		err := guard(func() (err error) {
			legacy, err = f(ctx)
			return err
		})
		if err != nil {
			return fmt.Errorf("the service could not be serialized: %w", err)
		}
	}
	will, err := s.writeWill(&legacy)
	if err != nil {
		return err
	}
	return will.send(ctx, link)
}

// awaitServing waits for the last word of a process that may serve from now on.
// If there is none, that process must have died for sure.
func (s *Server) awaitServing(link *fdtx.FdTx) error {
	limited, cancel := context.WithTimeout(context.Background(), takeoverGrace)
	defer cancel()
	err := expect(limited, link, serving)
	if errors.Is(err, exceptions.Timeout) {
		kill(link)
		err = expect(context.Background(), link, serving)
	}
	if err != nil {
		return fmt.Errorf("the new process did not begin to serve: %w", err)
	}
	return nil
}

// expect waits for one of the messages.
func expect(ctx context.Context, link *fdtx.FdTx, wanted byte) error {
	got, _, err := link.GetExactly(ctx, 1, 0, fdtx.Forever)
	switch {
	case err != nil:
		return err
	case got[0] == refused:
		return errRefused
	case got[0] != wanted:
		return fmt.Errorf("wanted the message %q, got %q", wanted, got[0])
	}
	return nil
}

var errRefused = exceptions.Exception.Newf("the service was not handed over: it did not come to a standstill in time, could not be serialized, was shut down, or this process was too slow; its log says which")

// depart ends the service here, without a word to anybody.
func (s *Server) depart() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closing.Store(true)
	close(s.departed)
	close(s.shutdown)
	_ = s.stopListening() // the port is the other process's
	for c := range s.conns {
		c.socket.Close()
	}
	clear(s.conns)
}
