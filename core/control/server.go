package control

import (
	"context"
	"sync"
	"time"

	"avescript/core/connection"
	"avescript/core/exceptions"
)

const (
	// exitGrace is how long calls may go on after a shutdown until their context is
	// cancelled.
	exitGrace = 2 * time.Second
)

// Server is a service on a port.
type Server struct {
	options Options
	keys    *keys
	methods methods
	journal *journal

	mu      sync.Mutex // guards what port, clients, gate and ending say
	port    port
	clients clients
	gate    gate
	ending  ending

	dispatch dispatch
	room     room
	activity activity
	counters counters
	ongoing  ongoing

	running sync.WaitGroup  // everything that Serve waits for
	serving chan struct{}   // closed by Serve, once ctx is set
	ctx     context.Context // of the handlers; set by Serve
}

// NewServer makes a service and listens. Clients can connect from then on; they are
// served by [Server.Serve]. If it fails, options.Listener and options.Takeover are
// closed.
func NewServer(handler Handler, options Options) (_ *Server, err error) {
	defer func() {
		if err != nil && options.Listener != nil {
			options.Listener.Close()
		}
		if err != nil && options.Takeover != nil {
			options.Takeover.Close()
		}
	}()
	if options.Takeover != nil {
		options.Listener = options.Takeover.listener
	}
	keys, err := newKeys(&options)
	if err != nil {
		return nil, err
	}
	if err := options.Limits.setDefaults(); err != nil {
		return nil, err
	}
	keepAlive := boundary[time.Duration]{"keep_alive", &options.KeepAlive, connection.DefaultKeepAlive}
	if err := setLimits([]boundary[time.Duration]{keepAlive}); err != nil {
		return nil, err
	}
	port, err := newPort(&options)
	if err != nil {
		return nil, err
	}
	s := &Server{
		options:  options,
		keys:     keys,
		journal:  newJournal(&options),
		port:     port,
		ending:   ending{shutdown: make(chan struct{})},
		activity: activity{interval: options.Interval, started: time.Now()},
		serving:  make(chan struct{}),
	}
	holdKeys(s, keys.all())
	s.clients, s.gate = newClients(&s.mu), newGate(&s.mu)
	s.room = newRoom(s)
	s.methods = methods{s.makeBuiltins(), handler}
	if options.Takeover != nil {
		s.adopt(options.Takeover)
	}
	return s, nil
}

// Address is the address at which the service listens.
func (s *Server) Address() connection.Address { return s.port.address() }

// Serve serves clients until the service is shut down or ctx is cancelled, and
// everything that belongs to it has ended. Handlers get contexts with the values of
// ctx.
func (s *Server) Serve(ctx context.Context) error {
	var cancel context.CancelFunc
	s.ctx, cancel = context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	close(s.serving)
	stop := context.AfterFunc(ctx, func() { s.Shutdown(exceptions.Exit.Newf("the service was interrupted")) })
	defer stop()
	if s.options.Takeover != nil {
		s.thaw()
	}
	if s.options.Interval > 0 && s.options.Callbacks.Idle != nil {
		s.running.Go(s.watchIdle)
	}
	if s.port.metrics != nil {
		s.running.Go(s.serveMetrics)
	}
	err := s.accept()
	if err != nil {
		s.Shutdown(exceptions.Exit.Newf("the service cannot accept connections: %w", err))
	}
	<-s.ending.shutdown
	grace := time.AfterFunc(exitGrace, cancel)
	defer grace.Stop()
	s.running.Wait()
	s.journal.end()
	return err
}

func (s *Server) isDeaf() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.port.closed
}

// StopListening accepts no more connections and frees the port, and that of the
// metrics. Existing connections continue.
func (s *Server) StopListening() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.gate.isLeaving() {
		return errLeaving
	}
	return s.port.close()
}

// Shutdown ends the service: exit is the last message on every connection, even for
// clients that wait for an answer, and then all connections are closed. It does not
// wait, and may be called by a handler; [Server.Serve] returns when everything is done.
// Only the first exit counts. A nil exit says only that the service was shut down.
func (s *Server) Shutdown(exit *exceptions.Error) {
	if exit == nil {
		exit = exceptions.Exit.Newf("the service was shut down")
	}
	if err := s.beginShutdown(exit); err != nil {
		s.journal.printf("cannot close the port: %v", err)
	}
}

func (s *Server) beginShutdown(exit *exceptions.Error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.ending.begun():
		return nil
	case s.gate.frozen.Load():
		s.ending.postponed = exit
		return nil
	}
	s.ending.exit = encodeException(sendable(exit, s.Address()))
	s.ending.begin()
	for c := range s.clients.conns {
		s.running.Go(c.sendExit)
	}
	s.room.stir()
	return s.port.close()
}
