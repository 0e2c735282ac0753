package control

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"

	"avescript/core/exceptions"
)

// ServerTLS makes Options.TLS from PEM files: the certificate of the service and its
// key and, if only clients with a certificate may connect, the authorities that sign
// theirs.
func ServerTLS(certFile, keyFile, clientCAFile string) (*tls.Config, error) {
	if certFile == "" || keyFile == "" {
		return nil, exceptions.TypeError.Newf("wanted the certificate of the service and its key, got only one of the two or neither")
	}
	cert, err := tls.LoadX509KeyPair(certFile, keyFile)
	if err != nil {
		return nil, fmt.Errorf("service certificate: %w", err)
	}
	config := &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12}
	if clientCAFile == "" {
		return config, nil
	}
	if config.ClientCAs, err = authorities(clientCAFile); err != nil {
		return nil, fmt.Errorf("client certificate authorities: %w", err)
	}
	config.ClientAuth = tls.RequireAndVerifyClientCert
	return config, nil
}

// authorities reads the certificates in a PEM file.
func authorities(file string) (*x509.CertPool, error) {
	pem, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("wanted certificates in PEM format, found none in %s", file)
	}
	return pool, nil
}
