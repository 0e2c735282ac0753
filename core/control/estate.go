package control

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net"
	"os"
	"slices"
	"syscall"

	"avescript/core/connection"
	"avescript/core/exceptions"
	"avescript/core/fdtx"
)

// Estate is a service that the process which ran it leaves to another one: the
// port, all clients, and what the handler wants to be known. [TakeOver] gets it.
type Estate struct {
	// State and Files are those of the [Legacy]. Who takes the files closes
	// them.
	State json.RawMessage
	Files []*os.File

	lastID   uint64
	listener *net.TCPListener
	metrics  *net.TCPListener // nil if there are none
	clients  []inherited
	link     *fdtx.FdTx // to the process that leaves it
}

// inherited is a client of an [Estate].
type inherited struct {
	clientRecord
	conn              *net.TCPConn
	unread, unwritten []byte
}

// willVersion is that of the form in which an estate is sent. A process that
// knows another one cannot take it.
const willVersion = 1

// will is an estate as it is sent. The bytes of the clients follow, and then
// all descriptors: those of the listener, the metrics, the state and the
// clients.
type will struct {
	Version int
	LastID  uint64
	State   json.RawMessage
	Metrics bool
	Fds     int // of the state
	Clients []clientRecord
}

// clientRecord is a client as it is sent.
type clientRecord struct {
	ID          uint64
	Identity    Identity
	Established bool
	Challenge   []byte
	Unread      int // how many bytes were read of it and not taken
	Unwritten   int // how many bytes were not written to it yet
}

// writeWill writes down the service, which is frozen, and its handler's legacy. The
// descriptors remain the service's.
func (s *Server) writeWill(legacy *Legacy) (w will, bytes []byte, fds []int, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	w = will{
		Version: willVersion, LastID: s.lastID, State: legacy.State,
		Metrics: s.metrics != nil, Fds: len(legacy.Fds),
	}
	sockets := []net.Listener{s.listener}
	if w.Metrics {
		sockets = append(sockets, s.metrics)
	}
	for _, l := range sockets {
		fds = append(fds, descriptor(l, &err))
	}
	fds = append(fds, legacy.Fds...)
	for c := range s.conns {
		unread := c.frames.Peek()
		w.Clients = append(w.Clients, clientRecord{
			ID: c.id, Identity: c.identity, Established: c.established, Challenge: c.challenge,
			Unread: len(unread), Unwritten: len(c.held),
		})
		bytes = append(append(bytes, unread...), c.held...)
		fds = append(fds, descriptor(c.socket, &err))
	}
	return w, bytes, fds, err
}

// descriptor is that of a socket which nobody closes meanwhile.
func descriptor(socket any, failed *error) (number int) {
	raw, err := socket.(syscall.Conn).SyscallConn()
	if err == nil {
		err = raw.Control(func(fd uintptr) { number = int(fd) })
	}
	*failed = errors.Join(*failed, err)
	return number
}

func sendWill(ctx context.Context, link *fdtx.FdTx, w *will, bytes []byte, fds []int) error {
	text, err := json.Marshal(w)
	if err != nil {
		return err
	}
	message := binary.BigEndian.AppendUint64(nil, uint64(len(text)))
	message = append(append(message, text...), bytes...)
	if err := link.Put(ctx, message, nil, fdtx.Forever); err != nil {
		return err
	}
	for some := range slices.Chunk(fds, fdtx.MaxFds) {
		if err := link.Put(ctx, []byte{0}, some, fdtx.Forever); err != nil {
			return err
		}
	}
	return nil
}

// receiveEstate owns what it receives, and closes it when it fails.
func receiveEstate(ctx context.Context, link *fdtx.FdTx) (_ *Estate, err error) {
	e := &Estate{link: link}
	defer func() {
		if err != nil {
			e.Close()
		}
	}()
	w, err := e.receiveWill(ctx)
	if err != nil {
		return nil, err
	}
	for i := range w.Clients {
		client := inherited{clientRecord: w.Clients[i]}
		if client.unread, err = e.receiveBytes(ctx, client.Unread); err != nil {
			return nil, err
		}
		if client.unwritten, err = e.receiveBytes(ctx, client.Unwritten); err != nil {
			return nil, err
		}
		e.clients = append(e.clients, client)
	}
	listeners := 1
	if w.Metrics {
		listeners++
	}
	fds, err := e.receiveDescriptors(ctx, listeners+w.Fds+len(w.Clients))
	for i, fd := range fds {
		if err != nil {
			fdtx.CloseAll(fds[i:])
			break
		}
		switch {
		case i == 0:
			e.listener, err = inheritListener(fd)
		case i < listeners:
			e.metrics, err = inheritListener(fd)
		case i < listeners+w.Fds:
			e.Files = append(e.Files, os.NewFile(uintptr(fd), "inherited"))
		default:
			e.clients[i-listeners-w.Fds].conn, err = inheritConn(fd)
		}
	}
	return e, err
}

func (e *Estate) receiveWill(ctx context.Context) (w will, err error) {
	head, err := e.receiveBytes(ctx, 8)
	if err != nil {
		return w, err
	}
	length := binary.BigEndian.Uint64(head)
	if length > math.MaxInt32 {
		return w, fmt.Errorf("wanted the description of a service, got something that claims to be %d bytes long", length)
	}
	text, err := e.receiveBytes(ctx, int(length))
	if err != nil {
		return w, err
	}
	if err := json.Unmarshal(text, &w); err != nil {
		return w, fmt.Errorf("wanted the description of a service: %w", err)
	}
	if w.Version != willVersion {
		return w, exceptions.Exception.Newf("wanted a service that is handed over by version %d of the protocol, got version %d", willVersion, w.Version)
	}
	e.State, e.lastID = w.State, w.LastID
	return w, nil
}

func (e *Estate) receiveBytes(ctx context.Context, length int) ([]byte, error) {
	if length == 0 {
		return nil, nil
	}
	bytes, _, err := e.link.GetExactly(ctx, length, 0, fdtx.Forever)
	return bytes, err
}

func (e *Estate) receiveDescriptors(ctx context.Context, count int) (all []int, err error) {
	for len(all) < count {
		_, fds, err := e.link.GetExactly(ctx, 1, min(count-len(all), fdtx.MaxFds), fdtx.Forever)
		if err != nil {
			fdtx.CloseAll(all)
			return nil, err
		}
		all = append(all, fds...)
	}
	return all, nil
}

func inheritListener(fd int) (*net.TCPListener, error) {
	socket, err := inheritSocket(fd)
	if err != nil {
		return nil, err
	}
	return socket.Listener()
}

func inheritConn(fd int) (*net.TCPConn, error) {
	socket, err := inheritSocket(fd)
	if err != nil {
		return nil, err
	}
	return socket.Conn()
}

func inheritSocket(fd int) (*connection.Socket, error) {
	socket, err := connection.NewSocket(fd)
	if err != nil {
		fdtx.CloseAll([]int{fd})
	}
	return socket, err
}

// Close lets go of an estate that nobody has taken. The service goes on where
// it was.
func (e *Estate) Close() {
	e.link.Close()
	for _, l := range []*net.TCPListener{e.listener, e.metrics} {
		if l != nil {
			l.Close()
		}
	}
	for _, file := range e.Files {
		file.Close()
	}
	for _, client := range e.clients {
		if client.conn != nil {
			client.conn.Close()
		}
	}
}
