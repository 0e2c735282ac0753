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

// ClientTLS names the files, in PEM, of a client that calls a service over TLS.
type ClientTLS struct {
	CA         string // who signs services; "" is those whom the system trusts
	Cert, Key  string // the client's own, for services that want one
	ServerName string // in the service's certificate; "" is the host it is called at
}

// Config reads the files.
func (f ClientTLS) Config() (*tls.Config, error) {
	config := &tls.Config{ServerName: f.ServerName}
	if f.CA != "" {
		var err error
		if config.RootCAs, err = authorities(f.CA); err != nil {
			return nil, fmt.Errorf("certificates of authorities: %w", err)
		}
	}
	if f.Cert == "" && f.Key == "" {
		return config, nil
	}
	if f.Cert == "" || f.Key == "" {
		return nil, fmt.Errorf("certificate of the client: wanted it with its key, got one of the two")
	}
	pair, err := tls.LoadX509KeyPair(f.Cert, f.Key)
	if err != nil {
		return nil, fmt.Errorf("certificate of the client: %w", err)
	}
	config.Certificates = []tls.Certificate{pair}
	return config, nil
}

// secured puts TLS on a connection that was made for it, which it takes over.
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
		return nil, exceptions.ConnectionTimeout.Newf("timed out")
	case errors.Is(err, io.EOF), errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return nil, exceptions.ConnectionClosed.Newf("connection closed: %w", err)
	}
	return nil, exceptions.AuthError.Newf("no TLS with what listens at %v: %w", connection.AddressOf(conn.RemoteAddr()), err)
}

// refusedOverTLS names the error of a service that has refused the client's
// certificate: with TLS 1.3 it says so after the client's part of the handshake.
func refusedOverTLS(err error) error {
	var op *net.OpError
	if errors.As(err, &op) && op.Op == "remote error" {
		return exceptions.AuthError.Newf("the service refuses the certificate of the client: %w", op)
	}
	return err
}

// tlsConn lets it be seen whether there is something to be read: the records
// that hold no frame come in the handshake alone, since a client that keeps no
// sessions is sent no tickets. By NetConn a [connection.BlockingConnection]
// knows that TLS may have read more already.
type tlsConn struct{ *tls.Conn }

func (c tlsConn) SyscallConn() (syscall.RawConn, error) {
	sock, ok := c.NetConn().(syscall.Conn)
	if !ok {
		return nil, fmt.Errorf("wanted a socket under TLS, got %T", c.NetConn())
	}
	return sock.SyscallConn()
}

// Close says no farewell, which could block. Frames tell where they end, so
// that nobody can cut the conversation unnoticed.
func (c tlsConn) Close() error { return c.NetConn().Close() }
