package control

import (
	"context"
	"errors"
	"syscall"
)

// Connections lists all connections, including those in their handshake, oldest first.
func (s *Server) Connections() []*Conn { return s.clients.list() }

// Callback calls f in its turn, like the callbacks of the options, for an event outside
// of the service. It does not wait. If the service does not serve yet, f is called when
// it does. After a shutdown f is not called.
func (s *Server) Callback(name string, f func(ctx context.Context) error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ending.begun() {
		return
	}
	s.running.Go(func() {
		select {
		case <-s.serving:
		case <-s.ending.shutdown:
			return
		}
		if s.gate.enterLate() {
			defer s.gate.leave()
			s.callback(name, func() error { return f(s.ctx) })
		}
	})
}

// Fileno is the descriptor of the socket that the service listens on. It still belongs
// to the service.
func (s *Server) Fileno() (fd int, err error) {
	if _, ok := s.port.listener.(syscall.Conn); !ok {
		return -1, errors.New("the service does not listen on a system socket")
	}
	fd = descriptor(s.port.listener, &err)
	return fd, err
}
