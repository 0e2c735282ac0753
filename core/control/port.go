package control

import (
	"context"
	"errors"
	"fmt"
	"net"
	"syscall"
	"time"

	"avescript/core/connection"
)

// port is where a service listens, and where it serves its metrics.
type port struct {
	listener net.Listener
	metrics  net.Listener // nil if there are none
	closed   bool         // Server.mu
}

func newPort(o *Options) (p port, err error) {
	if p.listener, err = listen(o); err != nil {
		return port{}, err
	}
	if p.metrics, err = listenForMetrics(o); err != nil {
		p.listener.Close()
		return port{}, fmt.Errorf("metrics: %w", err)
	}
	return p, nil
}

func listen(o *Options) (net.Listener, error) {
	if o.Listener == nil {
		config := net.ListenConfig{KeepAlive: -1} // each connection sets its own
		listener, err := config.Listen(context.Background(), "tcp", o.Address.String())
		if err != nil {
			var reason syscall.Errno // the error around it only repeats the address
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

// listenForMetrics returns nil if no metrics are wanted.
func listenForMetrics(o *Options) (net.Listener, error) {
	if o.Takeover != nil && o.Takeover.metrics != nil {
		if inherited := o.Takeover.metrics; connection.AddressOf(inherited.Addr()).Port == o.MetricsPort {
			return inherited, nil
		}
		o.Takeover.metrics.Close()
	}
	if o.MetricsPort == 0 {
		return nil, nil
	}
	return listen(&Options{Address: connection.Address{Host: o.Address.Host, Port: o.MetricsPort}})
}

func (p *port) address() connection.Address { return connection.AddressOf(p.listener.Addr()) }

// isElsewhere reports whether a connection has come in at an address other than the
// host. A listener from outside may listen on all addresses.
func (p *port) isElsewhere(conn net.Conn, host string) bool {
	wanted, all := net.ParseIP(host), net.ParseIP(p.address().Host)
	at, ok := conn.LocalAddr().(*net.TCPAddr)
	if wanted == nil || wanted.IsUnspecified() || !all.IsUnspecified() || !ok {
		return false
	}
	return !at.IP.Equal(wanted) && (!at.IP.IsLoopback() || !wanted.IsLoopback())
}

// wake sets the deadline for accepting.
func (p *port) wake(deadline time.Time) {
	if l, ok := p.listener.(interface{ SetDeadline(time.Time) error }); ok {
		_ = l.SetDeadline(deadline) // fails if it is closed, which also wakes up
	}
}

// close frees the port, and that of the metrics. The caller has Server.mu.
func (p *port) close() error {
	if p.closed {
		return nil
	}
	p.closed = true
	if p.metrics != nil {
		_ = p.metrics.Close() // fails if its server has closed it already
	}
	return p.listener.Close()
}
