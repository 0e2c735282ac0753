package control

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"

	"avescript/core/exceptions"
)

// ServerTLS makes Options.TLS of files in PEM: the certificate of the service
// with its key and, if only clients with a certificate may connect, those of
// the authorities that may have signed it.
func ServerTLS(certFile, keyFile, clientCAFile string) (*tls.Config, error) {
	if certFile == "" || keyFile == "" {
		return nil, exceptions.TypeError.Newf("wanted the certificate of the service with its key, got only one of the two or neither")
	}
	cert, err := tls.LoadX509KeyPair(certFile, keyFile)
	if err != nil {
		return nil, fmt.Errorf("the certificate of the service: %w", err)
	}
	config := &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12}
	if clientCAFile == "" {
		return config, nil
	}
	if config.ClientCAs, err = authorities(clientCAFile); err != nil {
		return nil, fmt.Errorf("the authorities of the clients: %w", err)
	}
	config.ClientAuth = tls.RequireAndVerifyClientCert
	return config, nil
}

// authorities reads the certificates in a file in PEM.
func authorities(file string) (*x509.CertPool, error) {
	pem, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("wanted certificates in PEM, %s has none", file)
	}
	return pool, nil
}

// secure is the handshake of TLS, if the service has that. Its time is part of
// that of the handshake that follows.
func (c *Conn) secure() bool {
	secured, ok := c.conn.(*tls.Conn)
	if !ok {
		return true
	}
	err := secured.Handshake()
	s := c.server
	switch {
	case err == nil:
		return true
	case s.closing.Load(), errors.Is(err, net.ErrClosed): // the latter if it was pushed out
	case !errors.Is(err, os.ErrDeadlineExceeded):
		s.refusals.tls.printf("%v was disconnected: TLS: %v", c.Address(), err)
	case s.known(c, Identity{}):
		s.hit(handshakeTimeout, c.Address(), "it did not finish the handshake of TLS in time")
	}
	return false
}
