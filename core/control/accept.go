package control

import (
	"errors"
	"net"
	"os"
	"slices"
	"syscall"
	"time"
)

const (
	// acceptPause is how long the server waits after a temporary error of accept, such
	// as a lack of memory.
	acceptPause = 50 * time.Millisecond

	// roomPause is how long a connection may take to end after it was pushed out.
	roomPause = time.Millisecond
)

// accept accepts connections until the listener is closed on purpose, or belongs to
// another process.
func (s *Server) accept() error {
	for s.gate.enterLate() {
		err := s.acceptUntilFrozen()
		s.gate.leave()
		if !errors.Is(err, errFrozen) {
			return err
		}
	}
	return nil
}

func (s *Server) acceptUntilFrozen() error {
	for {
		conn, err := s.port.listener.Accept()
		switch {
		case err == nil && s.port.isElsewhere(conn, s.options.Address.Host):
			conn.Close()
		case err == nil:
			s.begin(conn)
		case errors.Is(err, os.ErrDeadlineExceeded):
			return errFrozen
		case errors.Is(err, net.ErrClosed) && s.isDeaf():
			return nil
		case isTransient(err):
			s.recoverAccept(err)
		default:
			return err
		}
	}
}

// transient are the temporary errors of accept: the system lacks some resource, or the
// new connection itself has failed already, which Linux also reports as an error of
// accept. The list is that of accept(2).
var transient = []syscall.Errno{
	syscall.EMFILE, syscall.ENFILE, syscall.ENOBUFS, syscall.ENOMEM,

	syscall.ECONNABORTED, syscall.ENETDOWN, syscall.EPROTO, syscall.ENOPROTOOPT, syscall.EHOSTDOWN,
	syscall.ENONET, syscall.EHOSTUNREACH, syscall.EOPNOTSUPP, syscall.ENETUNREACH,
}

func isTransient(err error) bool {
	var errno syscall.Errno
	return errors.As(err, &errno) && slices.Contains(transient, errno)
}

// recoverAccept makes room for a connection if there are no free descriptors, and
// otherwise waits a little.
func (s *Server) recoverAccept(err error) {
	pause := acceptPause
	if oldest := s.makeRoom(err); oldest != nil {
		s.journal.accept.printf("%v was disconnected in its handshake to make room for others: %v", oldest.Address(), err)
		pause = roomPause
	} else {
		s.journal.accept.printf("a connection could not be accepted: %v", err)
	}
	select {
	case <-time.After(pause):
	case <-s.ending.shutdown:
	}
}

// makeRoom pushes out a client if that can help, and returns it.
func (s *Server) makeRoom(err error) *Conn {
	if !errors.Is(err, syscall.EMFILE) && !errors.Is(err, syscall.ENFILE) {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.clients.pushOut()
}
