package control

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"syscall"

	"avescript/core/connection"
	"avescript/core/exceptions"
)

// ClientTLS names the PEM files of a client that uses TLS.
type ClientTLS struct {
	CA         string // the authorities that sign services; "" means those of the system
	Cert, Key  string // the client's own certificate, for services that require one
	ServerName string // the name in the service's certificate; "" means the host that is called
}

// Config reads the files.
func (f ClientTLS) Config() (*tls.Config, error) {
	config := &tls.Config{ServerName: f.ServerName}
	if f.CA != "" {
		var err error
		if config.RootCAs, err = authorities(f.CA); err != nil {
			return nil, fmt.Errorf("certificate authorities: %w", err)
		}
	}
	if f.Cert == "" && f.Key == "" {
		return config, nil
	}
	if f.Cert == "" || f.Key == "" {
		return nil, fmt.Errorf("client certificate: wanted a certificate and its key, got only one of the two")
	}
	pair, err := tls.LoadX509KeyPair(f.Cert, f.Key)
	if err != nil {
		return nil, fmt.Errorf("client certificate: %w", err)
	}
	config.Certificates = []tls.Certificate{pair}
	return config, nil
}

// secured starts TLS on a new connection, which it takes over.
func (c *Client) secured(ctx context.Context, conn net.Conn, left limit) (*connection.BlockingConnection, error) {
	config := c.options.TLS.Clone()
	config.ClientSessionCache = nil // see tlsConn
	if config.ServerName == "" {
		if config.ServerName = c.options.Address.Host; config.ServerName == "" {
			config.ServerName = "localhost"
		}
	}
	limited := ctx
	if !left.deadline.IsZero() {
		var cancel context.CancelFunc
		limited, cancel = context.WithDeadline(ctx, left.deadline)
		defer cancel()
	}
	secure := tls.Client(conn, config)
	err := secure.HandshakeContext(limited)
	if err == nil {
		return connection.Wrap(tlsConn{secure}), nil
	}
	conn.Close()
	switch {
	case errors.Is(ctx.Err(), context.Canceled):
		return nil, context.Cause(ctx)
	case limited.Err() != nil, errors.Is(err, os.ErrDeadlineExceeded):
		return nil, exceptions.ConnectionTimeout.Newf("TLS with %s: timed out", connection.AddressOf(conn.RemoteAddr()).Peer())
	case errors.Is(err, io.EOF), errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return nil, exceptions.ConnectionClosed.Newf("connection closed: %w", err)
	}
	return nil, exceptions.AuthError.Newf("no TLS connection to the server at %v: %w", connection.AddressOf(conn.RemoteAddr()), err)
}

// refusedOverTLS explains the error of a service that refused the client's certificate:
// with TLS 1.3 the service says so after the client's part of the handshake.
func refusedOverTLS(err error) error {
	var op *net.OpError
	if errors.As(err, &op) && op.Op == "remote error" {
		return exceptions.AuthError.Newf("the service refused the client certificate: %w", op)
	}
	return err
}

// tlsConn lets a client see whether there is something to read. Records without data
// only come during the handshake, because a client that keeps no sessions gets no
// tickets. NetConn tells a [connection.BlockingConnection] that TLS may have read more
// already.
type tlsConn struct{ *tls.Conn }

func (c tlsConn) SyscallConn() (syscall.RawConn, error) {
	sock, ok := c.NetConn().(syscall.Conn)
	if !ok {
		return nil, fmt.Errorf("wanted a socket under TLS, got %T", c.NetConn())
	}
	return sock.SyscallConn()
}

// Close sends no close_notify, which could block. Frames have a length, so nobody can
// cut the conversation without being noticed.
func (c tlsConn) Close() error { return c.NetConn().Close() }
