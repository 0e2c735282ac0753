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
	"runtime"
	"slices"
	"sync"
	"syscall"
	"time"

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
	until    time.Time  // when that process has given up for sure
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
	Files   int // of the state
	Clients []clientRecord

	bytes [][]byte
	fds   []int
}

// clientRecord is a client as it is sent. There may be many: what goes without
// saying is left out.
type clientRecord struct {
	ID          uint64
	Key         []byte   `json:",omitzero"` // need not be text
	Primary     bool     `json:",omitzero"`
	Accounts    []string `json:",omitzero"`
	Established bool     `json:",omitzero"`
	Removed     bool     `json:",omitzero"`
	Challenge   []byte   `json:",omitzero"`
	Unread      int      `json:",omitzero"` // how many bytes were read of it and not taken
	Unwritten   int      `json:",omitzero"` // how many bytes were not written to it yet
}

func (r *clientRecord) identity() Identity {
	return Identity{Key: string(r.Key), Primary: r.Primary, Accounts: r.Accounts}
}

// writeWill writes down the service, which is frozen, and its handler's legacy. The
// descriptors and the bytes remain the service's.
func (s *Server) writeWill(legacy *Legacy) (w *will, err error) {
	clients := s.Connections()
	s.mu.Lock()
	defer s.mu.Unlock()
	w = &will{
		Version: willVersion, LastID: s.lastID, State: legacy.State,
		Metrics: s.metrics != nil, Files: len(legacy.Files),
	}
	w.fds = append(w.fds, descriptor(s.listener, &err))
	if w.Metrics {
		w.fds = append(w.fds, descriptor(s.metrics, &err))
	}
	for _, file := range legacy.Files {
		w.fds = append(w.fds, descriptor(file, &err))
	}
	for _, c := range clients {
		unread := c.frames.Peek()
		w.Clients = append(w.Clients, clientRecord{
			ID: c.id, Primary: c.identity.Primary, Accounts: c.identity.Accounts,
			Established: c.established, Removed: c.removed.Load(), Challenge: c.challenge,
			Unread: len(unread), Unwritten: len(c.held),
		})
		if c.identity.Key != "" {
			w.Clients[len(w.Clients)-1].Key = []byte(c.identity.Key)
		}
		w.bytes = append(w.bytes, unread, c.held)
		w.fds = append(w.fds, descriptor(c.socket, &err))
	}
	return w, err
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

// send sends the bytes as they lie there: there may be more of them than there is
// memory for once more.
func (w *will) send(ctx context.Context, link *fdtx.FdTx) error {
	text, err := json.Marshal(w)
	if err != nil {
		return err
	}
	head := binary.BigEndian.AppendUint64([]byte{estate}, uint64(len(text)))
	for _, bytes := range append([][]byte{head, text}, w.bytes...) {
		if len(bytes) == 0 {
			continue
		}
		if err := link.Put(ctx, bytes, nil, fdtx.Forever); err != nil {
			return err
		}
	}
	for some := range slices.Chunk(w.fds, fdtx.MaxFds) {
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
	fds, err := e.receiveDescriptors(ctx, listeners+w.Files+len(w.Clients))
	if err != nil {
		return nil, err
	}
	if err := e.own(fds, listeners, w.Files); err != nil {
		return nil, err
	}
	return e, nil
}

// own owns the descriptors, also when it fails.
func (e *Estate) own(fds []int, listeners, files int) error {
	var errs [2]error
	e.listener, errs[0] = ownListener(fds[0])
	if listeners > 1 {
		e.metrics, errs[1] = ownListener(fds[1])
	}
	fds = fds[listeners:]
	for _, fd := range fds[:files] {
		e.Files = append(e.Files, os.NewFile(uintptr(fd), "inherited"))
	}
	return errors.Join(errs[0], errs[1], e.ownConns(fds[files:]))
}

// ownConns uses all processors: the clients wait for it.
func (e *Estate) ownConns(fds []int) error {
	workers := runtime.GOMAXPROCS(0)
	errs := make([]error, workers)
	var owning sync.WaitGroup
	for w := range workers {
		owning.Go(func() {
			for i := w; i < len(fds); i += workers {
				var err error
				if e.clients[i].conn, err = ownConn(fds[i]); err != nil {
					errs[w] = err
				}
			}
		})
	}
	owning.Wait()
	return errors.Join(errs...)
}

func (e *Estate) receiveWill(ctx context.Context) (w will, err error) {
	if err := expect(ctx, e.link, estate); err != nil {
		return w, err
	}
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

// ownListener owns the descriptor, also when it fails.
func ownListener(fd int) (*net.TCPListener, error) {
	file := os.NewFile(uintptr(fd), "listener")
	defer file.Close()
	l, err := net.FileListener(file)
	if err != nil {
		return nil, err
	}
	listener, ok := l.(*net.TCPListener)
	if !ok {
		return nil, errors.Join(fmt.Errorf("wanted a TCP socket that listens, got %T", l), l.Close())
	}
	return listener, nil
}

// ownConn owns the descriptor, also when it fails.
func ownConn(fd int) (*net.TCPConn, error) {
	file := os.NewFile(uintptr(fd), "client")
	defer file.Close()
	c, err := net.FileConn(file)
	if err != nil {
		return nil, err
	}
	conn, ok := c.(*net.TCPConn)
	if !ok {
		return nil, errors.Join(fmt.Errorf("wanted a TCP connection, got %T", c), c.Close())
	}
	return conn, nil
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
	closeFiles(e.Files)
	for _, client := range e.clients {
		if client.conn != nil {
			client.conn.Close()
		}
	}
}

func closeFiles(files []*os.File) {
	for _, file := range files {
		file.Close()
	}
}
