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
	// acceptPause is how long the server waits after an error of accept that
	// passes, such as that the system is short of memory.
	acceptPause = 50 * time.Millisecond

	// roomPause is how long a connection may take to end that has to make room.
	roomPause = time.Millisecond
)

// accept takes connections until the listener is closed on purpose, or belongs
// to another process.
func (s *Server) accept() error {
	for s.enterLate() {
		err := s.acceptUntilFrozen()
		s.leave()
		if !errors.Is(err, errFrozen) {
			return err
		}
	}
	return nil
}

func (s *Server) acceptUntilFrozen() error {
	for {
		conn, err := s.listener.Accept()
		switch {
		case err == nil:
			s.begin(conn)
		case errors.Is(err, os.ErrDeadlineExceeded):
			return errFrozen
		case errors.Is(err, net.ErrClosed) && s.isDeaf():
			return nil
		case isTransient(err):
			s.mendAccept(err)
		default:
			return err
		}
	}
}

// transient are the errors of accept that pass: the system is short of
// something, or that one connection has failed already. Linux reports the
// latter as errors of accept; the list is that of accept(2).
var transient = []syscall.Errno{
	syscall.EMFILE, syscall.ENFILE, syscall.ENOBUFS, syscall.ENOMEM,

	syscall.ECONNABORTED, syscall.ENETDOWN, syscall.EPROTO, syscall.ENOPROTOOPT, syscall.EHOSTDOWN,
	syscall.ENONET, syscall.EHOSTUNREACH, syscall.EOPNOTSUPP, syscall.ENETUNREACH,
}

func isTransient(err error) bool {
	var errno syscall.Errno
	return errors.As(err, &errno) && slices.Contains(transient, errno)
}

// mendAccept makes room for a connection if there are no descriptors any more,
// and waits a little otherwise.
func (s *Server) mendAccept(err error) {
	pause := acceptPause
	if oldest := s.makeRoom(err); oldest != nil {
		s.refusals.accept.printf("%v was disconnected in its handshake to make room for others: %v", oldest.Address(), err)
		pause = roomPause
	} else {
		s.refusals.accept.printf("a connection could not be accepted: %v", err)
	}
	select {
	case <-time.After(pause):
	case <-s.shutdown:
	}
}

// makeRoom gives the client that it has pushed out, if that can help.
func (s *Server) makeRoom(err error) *Conn {
	if !errors.Is(err, syscall.EMFILE) && !errors.Is(err, syscall.ENFILE) {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.pushOut()
}
