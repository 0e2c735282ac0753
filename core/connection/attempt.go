package connection

import (
	"context"
	"errors"
	"net"
	"net/netip"

	"golang.org/x/sys/unix"

	"avescript/core/exceptions"
)

// attempt connects to the addresses of a host, one after the other, without waiting.
type attempt struct {
	address Address
	socket  *Socket // being connected
	others  []netip.AddrPort
	failure error // of the first address
}

// Connect begins to connect to the address, or continues. It returns
// ConnectionInProgress until the socket can be written to, or the next address of the
// host has to be tried: then Connect must be called again, and the descriptor is
// another one. It only waits for the lookup of a host name, within ctx.
func (c Connection) Connect(ctx context.Context) error {
	release, err := c.bothTurns(ctx, 0)
	if err != nil {
		return again(err)
	}
	defer release()
	open, stop := c.untilClosed(ctx)
	defer stop()
	c.mu.Lock()
	connected, err := c.connectable()
	current := c.attempt
	c.mu.Unlock()
	if connected || err != nil {
		return err
	}
	if current == nil {
		current, err = newAttempt(open, c.address)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if open.Err() != nil && ctx.Err() == nil {
		return errClosedMeanwhile
	}
	if err != nil {
		return err
	}
	conn, err := current.advance()
	switch {
	case err == nil:
		c.attempt, c.closed = nil, false
		c.attach(conn)
	case errors.Is(err, exceptions.ConnectionInProgress):
		c.attempt = current
	default:
		c.attempt = nil
	}
	return err
}

func newAttempt(ctx context.Context, address Address) (*attempt, error) {
	hosts := []netip.Addr{netip.AddrFrom4([4]byte{127, 0, 0, 1}), netip.IPv6Loopback()}
	if address.Host != "" {
		var err error
		if hosts, err = net.DefaultResolver.LookupNetIP(ctx, "ip", address.Host); err != nil {
			if ctx.Err() != nil {
				return nil, named(ctx, ctx.Err())
			}
			return nil, refused(address, err)
		}
	}
	a := attempt{address: address}
	for _, host := range hosts {
		a.others = append(a.others, netip.AddrPortFrom(host.Unmap(), uint16(address.Port)))
	}
	return &a, nil
}

// advance returns the connection once there is one. The error is ConnectionInProgress
// or, if no address is left, that of the first address; the attempt then holds no
// socket.
func (a *attempt) advance() (net.Conn, error) {
	for {
		if a.socket != nil {
			conn, err := a.socket.established()
			if err == nil {
				return conn, nil
			}
			if errors.Is(err, unix.EINPROGRESS) {
				return nil, exceptions.ConnectionInProgress.Newf("connection in progress")
			}
			a.fail(errors.Join(err, a.socket.Close()))
		}
		if len(a.others) == 0 {
			return nil, refused(a.address, a.failure)
		}
		var err error
		if a.socket, err = connectTo(a.others[0]); err != nil {
			a.fail(err)
		}
		a.others = a.others[1:]
	}
}

func (a *attempt) fail(err error) {
	a.socket = nil
	if a.failure == nil {
		a.failure = err
	}
}

func connectTo(peer netip.AddrPort) (*Socket, error) {
	family := unix.AF_INET
	var address unix.Sockaddr
	if peer.Addr().Is4() {
		address = &unix.SockaddrInet4{Port: int(peer.Port()), Addr: peer.Addr().As4()}
	} else {
		family = unix.AF_INET6
		address = &unix.SockaddrInet6{Port: int(peer.Port()), Addr: peer.Addr().As16(), ZoneId: zone(peer.Addr())}
	}
	fd, err := unix.Socket(family, unix.SOCK_STREAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	if err := unix.Connect(fd, address); err != nil && !errors.Is(err, unix.EINPROGRESS) {
		unix.Close(fd)
		return nil, err
	}
	return NewSocket(fd)
}

// zone is the interface of an address such as fe80::1%eth0, 0 if there is none.
func zone(address netip.Addr) uint32 {
	if nic, err := net.InterfaceByName(address.Zone()); err == nil {
		return uint32(nic.Index)
	}
	return 0
}

// abandon ends an attempt in progress. The caller has c.mu.
func (c *BlockingConnection) abandon() error {
	if c.attempt == nil {
		return nil
	}
	socket := c.attempt.socket
	c.attempt = nil
	return socket.Close()
}

// established returns the socket as a connection, if it is connected. The error is
// EINPROGRESS while it may become connected.
func (s *Socket) established() (net.Conn, error) {
	pending := 0
	err := control(s.file, func(fd int) { pending, _ = unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_ERROR) })
	switch {
	case err != nil:
		return nil, err
	case pending != 0:
		return nil, unix.Errno(pending)
	case !s.isConnected():
		return nil, unix.EINPROGRESS
	}
	return s.Conn()
}
