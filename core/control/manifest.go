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

	"avescript/core/exceptions"
	"avescript/core/fdtx"
)

// takenClient is a client of a [Takeover].
type takenClient struct {
	clientRecord
	conn              *net.TCPConn
	unread, unwritten []byte
}

// manifestVersion is the version of the format in which a service is handed over. A
// process that uses another version cannot take it over.
const manifestVersion = 1

// manifest describes a service that is handed over. It is followed by the bytes of the
// clients, and then by all descriptors: of the listener, the metrics, the state and the
// clients.
type manifest struct {
	Version  int
	LastID   uint64
	LastCall uint64 // see ongoing; 0 from an older version
	State    json.RawMessage
	Metrics  bool
	Files    int // number of files that belong to the state
	Clients  []clientRecord

	bytes [][]byte
	fds   []int
}

// clientRecord is a client in a manifest. There may be many, so default values are left
// out.
type clientRecord struct {
	ID          uint64
	Key         []byte   `json:",omitzero"` // may contain any bytes
	Primary     bool     `json:",omitzero"`
	Accounts    []string `json:",omitzero"`
	Claims      *Claims  `json:",omitzero"`
	Established bool     `json:",omitzero"`
	Removed     bool     `json:",omitzero"`
	Challenge   []byte   `json:",omitzero"`
	Unread      int      `json:",omitzero"` // how many bytes were read from it but not used
	Unwritten   int      `json:",omitzero"` // how many bytes were not written to it yet
}

func (r *clientRecord) identity() Identity {
	return Identity{Key: string(r.Key), Primary: r.Primary, Accounts: r.Accounts}
}

// writeManifest describes the frozen service, with the state of its handler.
// Descriptors and bytes still belong to the service.
func (s *Server) writeManifest(left *Serialized) (m *manifest, err error) {
	clients := s.Connections()
	s.mu.Lock()
	defer s.mu.Unlock()
	m = &manifest{
		Version: manifestVersion, LastID: s.clients.lastID, LastCall: s.ongoing.lastNumber(), State: left.State,
		Metrics: s.port.metrics != nil, Files: len(left.Files),
	}
	m.fds = append(m.fds, descriptor(s.port.listener, &err))
	if m.Metrics {
		m.fds = append(m.fds, descriptor(s.port.metrics, &err))
	}
	for _, file := range left.Files {
		m.fds = append(m.fds, descriptor(file, &err))
	}
	for _, c := range clients {
		unread := c.reading.frames.Peek()
		m.Clients = append(m.Clients, clientRecord{
			ID: c.id, Primary: c.arrival.identity.Primary, Accounts: c.arrival.identity.Accounts,
			Claims: c.claims, Established: c.arrival.established, Removed: c.removed.Load(), Challenge: c.arrival.challenge,
			Unread: len(unread), Unwritten: len(c.writing.held),
		})
		if c.arrival.identity.Key != "" {
			m.Clients[len(m.Clients)-1].Key = []byte(c.arrival.identity.Key)
		}
		m.bytes = append(m.bytes, unread, c.writing.held)
		m.fds = append(m.fds, descriptor(c.conn.socket, &err))
	}
	return m, err
}

// descriptor is the descriptor of a socket, which must not be closed meanwhile.
func descriptor(socket any, failed *error) (number int) {
	raw, err := socket.(syscall.Conn).SyscallConn()
	if err == nil {
		err = raw.Control(func(fd uintptr) { number = int(fd) })
	}
	*failed = errors.Join(*failed, err)
	return number
}

// send sends the bytes without copying them, because there may not be enough memory for
// a copy.
func (m *manifest) send(ctx context.Context, link *fdtx.FdTx) error {
	text, err := json.Marshal(m)
	if err != nil {
		return err
	}
	head := binary.BigEndian.AppendUint64([]byte{state}, uint64(len(text)))
	for _, bytes := range append([][]byte{head, text}, m.bytes...) {
		if len(bytes) == 0 {
			continue
		}
		if err := link.Put(ctx, bytes, nil, fdtx.Forever); err != nil {
			return err
		}
	}
	for some := range slices.Chunk(m.fds, fdtx.MaxFds) {
		if err := link.Put(ctx, []byte{0}, some, fdtx.Forever); err != nil {
			return err
		}
	}
	return nil
}

// receiveTakeover owns what it receives, and closes it if it fails.
func receiveTakeover(ctx context.Context, link *fdtx.FdTx) (_ *Takeover, err error) {
	t := &Takeover{link: link}
	defer func() {
		if err != nil {
			t.Close()
		}
	}()
	m, err := t.receiveManifest(ctx)
	if err != nil {
		return nil, err
	}
	for i := range m.Clients {
		client := takenClient{clientRecord: m.Clients[i]}
		if client.unread, err = t.receiveBytes(ctx, client.Unread); err != nil {
			return nil, err
		}
		if client.unwritten, err = t.receiveBytes(ctx, client.Unwritten); err != nil {
			return nil, err
		}
		t.clients = append(t.clients, client)
	}
	listeners := 1
	if m.Metrics {
		listeners++
	}
	fds, err := t.receiveDescriptors(ctx, listeners+m.Files+len(m.Clients))
	if err != nil {
		return nil, err
	}
	if err := t.own(fds, listeners, m.Files); err != nil {
		return nil, err
	}
	return t, nil
}

// own takes over the descriptors, even if it fails.
func (t *Takeover) own(fds []int, listeners, files int) error {
	var errs [2]error
	t.listener, errs[0] = ownListener(fds[0])
	if listeners > 1 {
		t.metrics, errs[1] = ownListener(fds[1])
	}
	fds = fds[listeners:]
	for _, fd := range fds[:files] {
		t.Files = append(t.Files, os.NewFile(uintptr(fd), "inherited"))
	}
	return errors.Join(errs[0], errs[1], t.ownConns(fds[files:]))
}

// ownConns uses all processors, because the clients are waiting.
func (t *Takeover) ownConns(fds []int) error {
	workers := runtime.GOMAXPROCS(0)
	errs := make([]error, workers)
	var owning sync.WaitGroup
	for w := range workers {
		owning.Go(func() {
			for i := w; i < len(fds); i += workers {
				var err error
				if t.clients[i].conn, err = ownConn(fds[i]); err != nil {
					errs[w] = err
				}
			}
		})
	}
	owning.Wait()
	return errors.Join(errs...)
}

func (t *Takeover) receiveManifest(ctx context.Context) (m manifest, err error) {
	if err := expect(ctx, t.link, state); err != nil {
		return m, err
	}
	head, err := t.receiveBytes(ctx, 8)
	if err != nil {
		return m, err
	}
	length := binary.BigEndian.Uint64(head)
	if length > math.MaxInt32 {
		return m, fmt.Errorf("wanted the description of a service, got a length of %d bytes", length)
	}
	text, err := t.receiveBytes(ctx, int(length))
	if err != nil {
		return m, err
	}
	if err := json.Unmarshal(text, &m); err != nil {
		return m, fmt.Errorf("wanted the description of a service: %w", err)
	}
	if m.Version != manifestVersion {
		return m, exceptions.Exception.Newf("wanted version %d of the handover protocol, got version %d", manifestVersion, m.Version)
	}
	t.State, t.lastID, t.lastCall = m.State, m.LastID, m.LastCall
	return m, nil
}

func (t *Takeover) receiveBytes(ctx context.Context, length int) ([]byte, error) {
	if length == 0 {
		return nil, nil
	}
	bytes, _, err := t.link.GetExactly(ctx, length, 0, fdtx.Forever)
	return bytes, err
}

func (t *Takeover) receiveDescriptors(ctx context.Context, count int) (all []int, err error) {
	for len(all) < count {
		_, fds, err := t.link.GetExactly(ctx, 1, min(count-len(all), fdtx.MaxFds), fdtx.Forever)
		if err != nil {
			fdtx.CloseAll(all)
			return nil, err
		}
		all = append(all, fds...)
	}
	return all, nil
}

// ownListener takes over the descriptor, even if it fails.
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

// ownConn takes over the descriptor, even if it fails.
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

func closeFiles(files []*os.File) {
	for _, file := range files {
		file.Close()
	}
}
