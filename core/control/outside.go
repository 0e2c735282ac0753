package control

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"syscall"
)

// Connections lists the connections that there are, also those that are still
// in their handshake, oldest first.
func (s *Server) Connections() []*Conn {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := make([]*Conn, 0, len(s.conns))
	for c := range s.conns {
		list = append(list, c)
	}
	slices.SortFunc(list, func(a, b *Conn) int { return cmp.Compare(a.id, b.id) })
	return list
}

// Callback has f called in its turn, like the callbacks of the options, for
// something that has happened outside of the service. It returns at once; a
// service that does not serve yet calls f once it does. One that is being shut
// down has no callbacks any more.
func (s *Server) Callback(name string, f func(ctx context.Context) error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closing.Load() {
		return
	}
	s.running.Go(func() {
		select {
		case <-s.begun:
		case <-s.shutdown:
			return
		}
		if s.enterLate() {
			defer s.leave()
			s.callback(name, func() error { return f(s.ctx) })
		}
	})
}

// Fileno is the descriptor of the socket that the service listens on, which
// remains the service's.
func (s *Server) Fileno() (fd int, err error) {
	if _, ok := s.listener.(syscall.Conn); !ok {
		return -1, errors.New("the service listens on no socket of the system's")
	}
	fd = descriptor(s.listener, &err)
	return fd, err
}
