package control_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"avescript/core/control"
	"avescript/internal/poll"
)

// selfSigned writes a self-signed certificate and its key.
func selfSigned(t *testing.T, name string) (certFile, keyFile string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		DNSNames: []string{name}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	write := func(file, kind string, data []byte) string {
		path := filepath.Join(t.TempDir(), file)
		if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: data}), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	return write(name+".pem", "CERTIFICATE", cert), write(name+".key", "PRIVATE KEY", private)
}

// secured starts a TLS service that requires certificates of clients, and returns what
// such a client needs.
func secured(t *testing.T, options control.Options) (*control.Server, *tls.Config, func()) {
	t.Helper()
	serverCert, serverKey := selfSigned(t, "server")
	clientCert, clientKey := selfSigned(t, "client")
	var err error
	if options.TLS, err = control.ServerTLS(serverCert, serverKey, clientCert); err != nil {
		t.Fatal(err)
	}
	s, stop := start(t, methods{"echo": echo}, options)
	known, err := tls.LoadX509KeyPair(clientCert, clientKey)
	if err != nil {
		t.Fatal(err)
	}
	text, _ := os.ReadFile(serverCert)
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(text)
	return s, &tls.Config{RootCAs: roots, Certificates: []tls.Certificate{known}}, stop
}

func dialTLS(t *testing.T, s *control.Server, config *tls.Config) *raw {
	t.Helper()
	conn, err := tls.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", s.Address().Port), config)
	if err != nil {
		t.Fatal(err)
	}
	return newRaw(t, conn)
}

func TestTLS(t *testing.T) {
	var log events
	s, config, stop := secured(t, control.Options{Log: func(message string) { log.add("%s", message) }})
	known := dialTLS(t, s, config).authenticate()
	text := strings.Repeat("x", 1<<20)
	known.put(callText("echo", `["`+text+`"]`))
	known.want(`{"result": "` + text + `"}`)

	// In TLS 1.3 a client learns that it was refused when it reads.
	dialTLS(t, s, &tls.Config{RootCAs: config.RootCAs}).want("<closed>")
	logs(t, &log, "TLS: tls: client didn't provide a certificate")
	plain := dialRaw(t, s)
	plain.put("0123456789abcdef")
	poll.Until(t, "who speaks no TLS is gone", func() bool { return len(s.Connections()) == 1 })

	silent := dialRaw(t, s) // in the TLS handshake during the shutdown
	poll.Until(t, "it is there", func() bool { return len(s.Connections()) == 2 })
	begun := time.Now()
	stop()
	if took := time.Since(begun); took > 5*time.Second {
		t.Errorf("the shutdown took %v", took)
	}
	known.want(`{"exception": {"message":"the service was shut down","type":"Exit"}}`)
	known.want("<closed>")
	silent.want("<closed>")
}

func TestTLSHandshakeTakesTooLong(t *testing.T) {
	var log events
	s, _, _ := secured(t, control.Options{
		Limits: control.Limits{HandshakeTimeout: 100 * time.Millisecond},
		Log:    func(message string) { log.add("%s", message) },
	})
	dialRaw(t, s).want("<closed>")
	logs(t, &log, "it did not finish the TLS handshake in time (handshake_timeout)")
}

func TestTLSWithoutItsFiles(t *testing.T) {
	cert, key := selfSigned(t, "server")
	for want, files := range map[string][3]string{
		"service certificate: open /none: no such file or directory":                              {"/none", key, ""},
		"client certificate authorities: open /none: no such file or directory":                   {cert, key, "/none"},
		"client certificate authorities: wanted certificates in PEM format, found none in " + key: {cert, key, key},
	} {
		if _, err := control.ServerTLS(files[0], files[1], files[2]); fmt.Sprint(err) != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}
