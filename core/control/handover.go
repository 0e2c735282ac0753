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

// A service is handed over to another process in these steps. The new process, which
// knows the primary key, listens on a socket file and requests the service with the RPC
// $handover. The service connects to the file, gets a token that only the requesting
// process can know, freezes, and sends its state. The new process builds a service from
// the state and says that it is ready. It is told to go on, and says that it serves.
// Only then does the old process let go: until it has read that, it can continue as if
// nothing had happened. At any time at most one of the two processes serves, even if
// either of them dies at any moment.

// The messages between the two.
const (
	state   = 'E' // the old process is frozen, and its state follows
	ready   = 'R' // the new process has everything that it needs
	goOn    = 'G' // the old process stops for good if the new one serves
	serving = 'S' // the new process serves
	refused = 'X' // the old process continues
)

// Serialized is what a handler leaves for the handler in the new process: its state,
// and files that belong to the state. The files are closed here after they were sent.
type Serialized struct {
	State json.RawMessage
	Files []*os.File
}

const (
	// defaultHandover is the default limit for a handover.
	defaultHandover = 10 * time.Second

	// takeoverGrace is how long the new process may take to serve after it was told to.
	takeoverGrace = time.Second
)

// handover is a handover in progress: the arguments of $handover, and the other
// process.
type handover struct {
	server  *Server
	path    string        // of the socket file
	token   string        // that the listener has to send
	timeout time.Duration // of the whole handover
	link    *fdtx.FdTx    // to the listener
	pid     int           // of the listener
}

// handoverAnswer is the answer of $handover.
type handoverAnswer struct {
	Connections int `json:"connections"` // how many there are now
}

func newHandover(s *Server, call *Call) (*handover, error) {
	h := &handover{server: s}
	var seconds float64
	if err := json.Unmarshal(call.Vargs, &[]any{&h.path, &h.token, &seconds}); err != nil || h.path == "" || h.token == "" {
		return nil, exceptions.TypeError.Newf("%s: wanted the path of a socket file, a token and a timeout in seconds, got %s", handoverMethod, shown(call.Vargs))
	}
	h.timeout = time.Duration(seconds * float64(time.Second))
	if h.timeout <= 0 {
		h.timeout = defaultHandover
	}
	return h, nil
}

// beginHandover checks whether the service can be handed over, and starts the handover.
func (s *Server) beginHandover(call *Call) (json.RawMessage, error) {
	h, err := newHandover(s, call)
	if err != nil {
		return nil, err
	}
	if s.options.TLS != nil {
		return nil, exceptions.Exception.Newf("a service with TLS cannot be handed over: no other process can continue its encrypted connections")
	}
	if _, ok := s.port.listener.(*net.TCPListener); !ok || s.isDeaf() {
		return nil, exceptions.Exception.Newf("the service does not listen on a TCP port")
	}
	if !s.gate.handingOver.CompareAndSwap(false, true) {
		return nil, exceptions.Restarting.Newf("the service is already being handed over")
	}
	if err := h.connect(s.ctx); err != nil {
		s.gate.handingOver.Store(false)
		return nil, err
	}
	s.running.Go(func() {
		defer s.gate.handingOver.Store(false)
		if err := h.run(s.ctx); err != nil {
			s.journal.printf("the handover failed and the service continues: %v", err)
			return
		}
		s.journal.printf("the service was handed over")
	})
	return json.Marshal(handoverAnswer{len(s.Connections())})
}

// connect connects to the process that requested the service, and checks whether it may
// have it.
func (h *handover) connect(ctx context.Context) (err error) {
	if h.link, err = connectTo(ctx, h.path); err != nil {
		return err
	}
	if h.pid, err = h.link.Peer(); err == nil && h.pid <= 0 { // such a process could not be killed
		err = fmt.Errorf("handover refused: the process listening on %s belongs to another pid namespace", h.path)
	}
	if f := h.server.options.Callbacks.Successor; err == nil && f != nil {
		err = f(h.pid)
	}
	if err != nil {
		h.link.Close()
	}
	return err
}

// connectTo connects to the process that requested the service, unless it has gone. If
// it runs as another user, the error tells it so.
func connectTo(ctx context.Context, path string) (*fdtx.FdTx, error) {
	link := fdtx.New()
	err := link.Connect(ctx, path, 0)
	switch {
	case err == nil:
		return link, nil
	case errors.Is(err, unix.EACCES), errors.Is(err, exceptions.AuthError):
		return nil, exceptions.Exception.Newf("the service runs as user %d, and can only be handed over to a process of that user: call ave.persona.become_user before Control.initialize (%w)", os.Geteuid(), err)
	}
	return nil, exceptions.Exception.Newf("the service cannot connect to the process that requested it: %w", err)
}

// run hands the service over. After an error the service continues here.
func (h *handover) run(ctx context.Context) error {
	s, link := h.server, h.link
	ctx, cancel := context.WithTimeout(ctx, h.timeout)
	defer cancel()
	defer link.Close()
	token, _, err := link.GetExactly(ctx, len(h.token), 0, fdtx.Forever)
	if err != nil {
		return err
	}
	if string(token) != h.token {
		return exceptions.AuthError.Newf("handover refused: the process listening on %s is not the one that requested it", h.path)
	}
	if err := h.prepare(ctx); err != nil {
		refuse(link)
		return err
	}
	if err := s.freeze(ctx); err != nil {
		refuse(link)
		return err
	}
	if err := h.transfer(ctx); err != nil {
		refuse(link)
		s.thaw()
		return err
	}
	if f := s.options.Callbacks.HandedOver; f != nil {
		f(h.pid)
	}
	s.depart()
	return nil
}

func (h *handover) prepare(ctx context.Context) error {
	f := h.server.options.Callbacks.Prepare
	if f == nil {
		return nil
	}
	if err := guard(func() error { return f(ctx) }); err != nil {
		h.server.journal.callbackError("prepare", err)
		return fmt.Errorf("the service is not ready for the handover: %w", err)
	}
	return nil
}

// refuse makes sure that the process at the other end of link never serves. If it
// cannot be told, it is killed: it would take the end of the connection for the death
// of this process.
func refuse(link *fdtx.FdTx) {
	err := link.Put(context.Background(), []byte{refused}, nil, takeoverGrace)
	if err != nil && !errors.Is(err, exceptions.ConnectionClosed) {
		kill(link)
	}
}

// kill kills the process at the other end of link. Its pid cannot belong to another
// process yet, because the connection is open.
func kill(link *fdtx.FdTx) {
	if pid, err := link.Peer(); err == nil {
		_ = unix.Kill(pid, unix.SIGKILL)
	}
}

// transfer gives the frozen service to the process at the other end of the link. After
// an error that process never serves.
func (h *handover) transfer(ctx context.Context) error {
	if err := h.sendState(ctx); err != nil {
		return err
	}
	if err := expect(ctx, h.link, ready); err != nil {
		return fmt.Errorf("the new process did not become ready: %w", err)
	}
	if h.server.isToEnd() {
		return errEnding
	}
	if err := h.link.Put(ctx, []byte{goOn}, nil, fdtx.Forever); err != nil {
		return err
	}
	return awaitServing(h.link)
}

func (h *handover) sendState(ctx context.Context) error {
	var left Serialized
	defer func() { closeFiles(left.Files) }()
	if f := h.server.options.Callbacks.Serialize; f != nil {
		err := guard(func() (err error) {
			left, err = f(ctx)
			return err
		})
		if err != nil {
			h.server.journal.callbackError("serialize", err)
			return fmt.Errorf("the service could not be serialized: %w", err)
		}
	}
	m, err := h.server.writeManifest(&left)
	if err != nil {
		return err
	}
	return m.send(ctx, h.link)
}

// awaitServing waits for the last message of a process that may serve from now on. If
// the message does not come, that process must be dead for certain.
func awaitServing(link *fdtx.FdTx) error {
	limited, cancel := context.WithTimeout(context.Background(), takeoverGrace)
	defer cancel()
	err := expect(limited, link, serving)
	if errors.Is(err, exceptions.Timeout) {
		kill(link)
		err = expect(context.Background(), link, serving)
	}
	if err != nil {
		return fmt.Errorf("the new process did not start serving: %w", err)
	}
	return nil
}

// expect waits for a message.
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

var errRefused = exceptions.Exception.Newf("the service was not handed over: its calls did not end in time, it could not be serialized, it was shut down, or this process was too slow; see its log")

// depart ends the service here, without telling the clients.
func (s *Server) depart() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ending.begin()
	close(s.gate.departed)
	_ = s.port.close() // the port belongs to the other process
	for c := range s.clients.conns {
		c.conn.Close()
		c.giveBack() // the other services of this process can use it
	}
	clear(s.clients.conns)
}
