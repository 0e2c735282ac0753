package control

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"avescript/core/connection"
	"avescript/core/exceptions"
	"avescript/core/fdtx"
	"avescript/core/files"
)

// usualDescriptors is roughly how many descriptors a service has besides its
// connections.
const usualDescriptors = 100

// Takeover is a service that another process hands over to this one: the port, all
// clients, and the state of the handler. [TakeOver] returns it.
type Takeover struct {
	// State and Files are those of the [Serialized]. The code that uses the files
	// closes them.
	State json.RawMessage
	Files []*os.File

	lastID   uint64
	lastCall uint64
	listener *net.TCPListener
	metrics  *net.TCPListener // nil if there are none
	clients  []takenClient
	link     *fdtx.FdTx // to the process that hands it over
	until    time.Time  // by then that process has given up
}

// TakeOver requests a service on this host, to continue in its place. The options are
// those of a client with the primary key of the service. The timeout limits the whole
// handover, which ends with [Server.CompleteTakeover]; the clients wait meanwhile. If
// anything fails, the service continues where it was.
func TakeOver(ctx context.Context, options ClientOptions, timeout time.Duration) (*Takeover, error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	dir, err := files.TempDir("takeover")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	link := fdtx.New()
	e, err := takeOver(ctx, link, dir, options, timeout)
	if err != nil {
		link.Close()
		if errors.Is(err, exceptions.ConnectionClosed) {
			err = fmt.Errorf("the service ended or gave up during the handover: %w", err)
		}
		return nil, err
	}
	e.until = time.Now().Add(timeout + takeoverGrace)
	return e, nil
}

func takeOver(ctx context.Context, link *fdtx.FdTx, dir string, options ClientOptions, timeout time.Duration) (*Takeover, error) {
	path, err := link.Listen(dir, "", fdtx.ListenOptions{})
	if err != nil {
		return nil, err
	}
	token := rand.Text()
	arguments, err := json.Marshal([]any{path, token, timeout.Seconds()})
	if err != nil {
		return nil, err
	}
	client := NewClient(options)
	answer, err := client.Call(ctx, handoverMethod, arguments, nil, connection.Forever)
	client.Close()
	if err != nil {
		return nil, err
	}
	var begun handoverAnswer
	if err := json.Unmarshal(answer, &begun); err != nil {
		return nil, fmt.Errorf("wanted a service that can be handed over: %w", err)
	}
	makeRoomFor(begun.Connections)
	if err := link.Accept(ctx, fdtx.Forever); err != nil {
		return nil, err
	}
	if err := link.Put(ctx, []byte(token), nil, fdtx.Forever); err != nil {
		return nil, err
	}
	return receiveTakeover(ctx, link)
}

// makeRoomFor makes the system enlarge the table of descriptors of this process. In a
// program with threads that takes tens of milliseconds, for which the clients would
// have to wait. If it fails, they do.
func makeRoomFor(connections int) {
	fd, err := unix.Open("/", unix.O_PATH|unix.O_CLOEXEC, 0)
	if err != nil {
		return
	}
	last, err := unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, connections+usualDescriptors)
	if err == nil {
		_ = unix.Close(last)
	}
	_ = unix.Close(fd)
}

// adopt adds the clients of a takeover to the service, which is frozen until it serves.
func (s *Server) adopt(t *Takeover) {
	s.gate.shut()
	s.clients.lastID, s.ongoing.last = t.lastID, t.lastCall
	for i := range t.clients {
		client := &t.clients[i]
		c := newConn(s, client.conn, client.ID)
		c.claims = client.Claims
		c.arrival.identity, c.arrival.established, c.arrival.challenge = client.identity(), client.Established, client.Challenge
		c.removed.Store(client.Removed)
		c.parked = true
		if len(client.unread) > 0 {
			c.reading.frames.Unread(client.unread)
		}
		if c.arrival.established {
			c.reading.frames.SetMax(s.options.Limits.MaxFrame)
		} else {
			c.arrival.unknown = s.clients.unknown.PushBack(c)
		}
		c.writing.held, c.writing.stuck = client.unwritten, len(client.unwritten) > 0
		if len(c.writing.held) > heldSize {
			c.writing.unread = newShare(c, len(c.writing.held))
			s.room.unread.charge(c.writing.unread)
		}
		s.clients.conns[c] = struct{}{}
	}
	t.clients = nil // the data that they have sent is not needed any more
}

// Close gives up the takeover. The service continues where it was.
func (t *Takeover) Close() {
	t.link.Close()
	for _, l := range []*net.TCPListener{t.listener, t.metrics} {
		if l != nil {
			l.Close()
		}
	}
	closeFiles(t.Files)
	for _, client := range t.clients {
		if client.conn != nil {
			client.conn.Close()
		}
	}
}

// CompleteTakeover tells the old process to let go of the service. It is called when
// everything is ready to serve. After an error the service must not serve; call
// [Server.AbandonTakeover].
func (s *Server) CompleteTakeover(ctx context.Context) error {
	link := s.options.Takeover.link
	defer link.Close()
	ctx, cancel := context.WithDeadline(ctx, s.options.Takeover.until)
	defer cancel()
	err := link.Put(ctx, []byte{ready}, nil, fdtx.Forever)
	if err == nil || hasDied(err) { // it may have refused before, and closed its end
		err = expect(ctx, link, goOn)
	}
	if hasDied(err) {
		return nil // it died without a message, so nobody else has the service
	}
	if err != nil {
		return err
	}
	if err := link.Put(context.WithoutCancel(ctx), []byte{serving}, nil, takeoverGrace); !hasDied(err) {
		return err
	}
	return nil
}

// hasDied reports whether err means that the process at the other end has died:
// otherwise it sends a last message before it closes its end. Everything must have been
// read.
func hasDied(err error) bool { return errors.Is(err, exceptions.ConnectionClosed) }

// AbandonTakeover closes a service that could not be taken over, without telling
// anybody.
func (s *Server) AbandonTakeover() { s.depart() }
