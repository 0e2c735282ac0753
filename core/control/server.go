// Package control is the RPC service of this system and its client.
//
// A [Server] has one goroutine for each connection, which reads a frame, has
// the call served by a [Handler] and writes the answer. Calls and answers are
// raw JSON, so that nobody builds a tree that the handler would only take
// apart again. The handler serves one call at a time, across all connections,
// and the callbacks take turns with the calls: a service needs no locks of its
// own. Methods that are marked as concurrent do without that.
//
// A [Client] makes calls. Both keep to a protocol that is older than they are:
// length-prefixed JSON messages after a challenge that is answered with a
// keyed digest. Where the old services were lax, this one is not: a client
// without a key is disconnected, and the methods for the primary key are not
// open to the alternate ones.
package control

import (
	"container/list"
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"avescript/core/connection"
	"avescript/core/exceptions"
)

const (
	// exitGrace is how long the calls that are being served have until their
	// context is cancelled, after a shutdown.
	exitGrace = 2 * time.Second
)

// Server is a service on a port.
type Server struct {
	handler   Handler
	options   Options
	keys      *keys
	listener  net.Listener
	started   time.Time
	lastEvent atomic.Int64 // nanoseconds after started; for Idle
	underWay  atomic.Int32 // calls that are served or wait for their turn
	hits      map[string]*limitHits
	refusals  *refusals
	counters  counters
	builtins  map[string]builtin
	metrics   net.Listener // nil if nobody has asked for them

	dispatch sync.Mutex // held by who serves a call or a callback

	mu      sync.Mutex
	conns   map[*Conn]struct{}
	unknown list.List // the connections in their handshake, oldest first
	lastID  uint64
	deaf    bool           // stopped listening
	running sync.WaitGroup // everything that Serve waits for

	frozen    atomic.Bool                       // stands still to be handed over; set under mu
	inside    int                               // how many activities do not stand still yet
	still     chan struct{}                     // closed when there are none
	thawed    chan struct{}                     // closed when the service goes on here
	departed  chan struct{}                     // closed when it goes on elsewhere
	resumable map[*Conn]context.CancelCauseFunc // the calls that the freeze interrupts
	postponed *exceptions.Error                 // the exit of a shutdown that has to wait

	handingOver atomic.Bool

	exit     []byte // the last message; set before closing is
	closing  atomic.Bool
	shutdown chan struct{}   // closed together with closing
	begun    chan struct{}   // closed by Serve, once ctx is set
	ctx      context.Context // of the handlers; set by Serve
}

// NewServer makes a service and listens, so that clients can connect from
// then on; they are served by [Server.Serve]. If it fails, options.Listener is
// closed, and so is options.Estate.
func NewServer(handler Handler, options Options) (_ *Server, err error) {
	defer func() {
		if err != nil && options.Listener != nil {
			options.Listener.Close()
		}
		if err != nil && options.Estate != nil {
			options.Estate.Close()
		}
	}()
	if options.Estate != nil {
		options.Listener = options.Estate.listener
	}
	keys, err := newKeys(&options)
	if err != nil {
		return nil, err
	}
	if err := options.Limits.setDefaults(); err != nil {
		return nil, err
	}
	listener, err := listen(&options)
	if err != nil {
		return nil, err
	}
	metrics, err := listenForMetrics(&options)
	if err != nil {
		listener.Close()
		return nil, fmt.Errorf("metrics: %w", err)
	}
	s := &Server{
		metrics:  metrics,
		handler:  handler,
		options:  options,
		keys:     keys,
		listener: listener,
		started:  time.Now(),
		conns:    map[*Conn]struct{}{},
		shutdown: make(chan struct{}),
		begun:    make(chan struct{}),

		departed:  make(chan struct{}),
		resumable: map[*Conn]context.CancelCauseFunc{},
	}
	s.hits, s.refusals = s.newHits(), s.newRefusals()
	s.builtins = s.makeBuiltins()
	if options.Estate != nil {
		s.inherit(options.Estate)
	}
	return s, nil
}

func listen(o *Options) (net.Listener, error) {
	if o.Listener == nil {
		listener, err := net.Listen("tcp", o.Address.String())
		if err != nil {
			var reason syscall.Errno // what is around it says once more where
			if errors.As(err, &reason) {
				err = reason
			}
			return nil, fmt.Errorf("listen on port %d: %w", o.Address.Port, err)
		}
		return listener, nil
	}
	port := connection.AddressOf(o.Listener.Addr()).Port
	if o.Address.Port != 0 && o.Address.Port != port {
		return nil, fmt.Errorf("wanted a socket that listens on port %d, got one on %d", o.Address.Port, port)
	}
	return o.Listener, nil
}

// Address is where the service listens.
func (s *Server) Address() connection.Address { return connection.AddressOf(s.listener.Addr()) }

// Serve serves clients until the service is shut down, or ctx is cancelled,
// and everything that belongs to it has ended. The values of ctx are those of
// the contexts that handlers get.
func (s *Server) Serve(ctx context.Context) error {
	var cancel context.CancelFunc
	s.ctx, cancel = context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	close(s.begun)
	stop := context.AfterFunc(ctx, func() { s.Shutdown(exceptions.Exit.Newf("the service was interrupted")) })
	defer stop()
	if s.options.Estate != nil {
		s.thaw()
	}
	if s.options.Interval > 0 && s.options.Callbacks.Idle != nil {
		s.running.Go(s.watchIdle)
	}
	if s.metrics != nil {
		s.running.Go(s.serveMetrics)
	}
	err := s.accept()
	if err != nil {
		s.Shutdown(exceptions.Exit.Newf("the service cannot accept connections: %w", err))
	}
	<-s.shutdown
	grace := time.AfterFunc(exitGrace, cancel)
	defer grace.Stop()
	s.running.Wait()
	s.endThrottles()
	return err
}

func (s *Server) isDeaf() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.deaf
}

// StopListening takes no new connections and frees the port, and that of the
// metrics. Those that are there go on.
func (s *Server) StopListening() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.isLeaving() {
		return errLeaving
	}
	return s.stopListening()
}

func (s *Server) stopListening() error {
	if s.deaf {
		return nil
	}
	s.deaf = true
	if s.metrics != nil {
		_ = s.metrics.Close() // fails if its server was faster
	}
	return s.listener.Close()
}

// Shutdown ends the service: exit is the last message on every connection,
// also to those who wait for an answer, and then all are closed. It returns at
// once, and may be called by a handler; [Server.Serve] returns when all is
// done. The first exit is the one that counts. An exit of nil says only that
// the service was shut down.
func (s *Server) Shutdown(exit *exceptions.Error) {
	if exit == nil {
		exit = exceptions.Exit.Newf("the service was shut down")
	}
	if err := s.beginShutdown(exit); err != nil {
		s.log("the port could not be closed: %v", err)
	}
}

func (s *Server) beginShutdown(exit *exceptions.Error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.closing.Load():
		return nil
	case s.frozen.Load():
		s.postponed = exit
		return nil
	}
	s.exit = encodeException(exit)
	s.closing.Store(true)
	close(s.shutdown)
	for c := range s.conns {
		s.running.Go(c.sendExit)
	}
	return s.stopListening()
}

// serveCall has a call served that has passed all checks.
func (s *Server) serveCall(c *Conn, call *Call, method *Method) (result []byte, err error) {
	s.underWay.Add(1)
	if !method.Concurrent {
		s.dispatch.Lock()
		defer s.dispatch.Unlock()
	}
	defer func() { // within the lock, so that idle does not come between
		s.touch()
		s.underWay.Add(-1)
	}()
	switch {
	case method.Concurrent:
	case s.closing.Load():
		return nil, errClosing
	case s.frozen.Load():
		return nil, errFrozen // it has not begun
	}
	ctx := s.ctx
	if method.Resumable {
		var done func()
		if ctx, done, err = s.resumableContext(c); err != nil {
			return nil, err
		}
		defer done()
	}
	err = guard(func() (err error) {
		result, err = s.call(ctx, c, call)
		return err
	})
	if err != nil && errors.Is(context.Cause(ctx), errFrozen) {
		return nil, errFrozen
	}
	if isFault(err) {
		s.logError(call.Method, err)
	}
	if err != nil && isExit(err) {
		// Within the lock, so that no other call comes between.
		s.Shutdown(withoutTrace(err))
	}
	return result, err
}

// check finds the method of a call. The error is a refusal.
func (s *Server) check(c *Conn, call *Call) (method Method, err error) {
	method, exists := s.lookup(call.Method)
	switch {
	case !exists:
		err = noSuchRPC(call.Method)
	case !method.RPC:
		err = notAnRPC(call.Method)
	case method.Admin && !s.keys.administers(&c.identity):
		err = errUnauthorized
	case method.Auth && !c.identity.Primary:
		err = errUnauthenticated
	case method.Preauth != nil && !s.keys.admits(&c.identity, method.Preauth):
		err = errUnauthorized
	}
	return method, err
}

// callback runs one of the callbacks in its turn.
func (s *Server) callback(name string, f func() error) {
	s.dispatch.Lock()
	defer s.dispatch.Unlock()
	switch err := guard(f); {
	case err == nil:
	case isExit(err):
		s.Shutdown(withoutTrace(err))
	default:
		s.logError(name, err)
	}
}

// touch notes that something has happened.
func (s *Server) touch() {
	if s.options.Interval > 0 {
		s.lastEvent.Store(int64(time.Since(s.started)))
	}
}

// untilIdle is how long nothing has to happen yet for the service to be idle.
func (s *Server) untilIdle() time.Duration {
	if s.underWay.Load() > 0 {
		return s.options.Interval
	}
	return s.options.Interval + time.Duration(s.lastEvent.Load()) - time.Since(s.started)
}

// watchIdle calls Idle whenever nothing has happened for the interval.
func (s *Server) watchIdle() {
	s.touch()
	timer := time.NewTimer(s.options.Interval)
	defer timer.Stop()
	for {
		select {
		case <-timer.C:
		case <-s.shutdown:
			return
		}
		if s.untilIdle() <= 0 && s.enter() {
			s.callback("idle", s.idle)
			s.leave()
		}
		timer.Reset(max(s.untilIdle(), 0))
	}
}

// idle looks once more, because a call may have been served before its turn.
func (s *Server) idle() error {
	if s.closing.Load() || s.untilIdle() > 0 {
		return nil
	}
	defer s.touch()
	return s.options.Callbacks.Idle(s.ctx)
}

func (s *Server) log(format string, args ...any) {
	if s.options.Log != nil {
		s.options.Log(fmt.Sprintf(format, args...))
	}
}
