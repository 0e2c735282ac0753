package control_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"avescript/core/connection"
	"avescript/core/control"
	"avescript/core/exceptions"
)

// authority signs the certificates of a test. The files are named after their owners.
type authority struct {
	t    *testing.T
	dir  string
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newAuthority(t *testing.T) *authority {
	a := &authority{t: t, dir: t.TempDir()}
	template := &x509.Certificate{IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}
	a.cert, a.key = a.write("ca", template)
	return a
}

func (a *authority) file(name string) string { return filepath.Join(a.dir, name) }

func (a *authority) write(name string, template *x509.Certificate) (*x509.Certificate, *ecdsa.PrivateKey) {
	a.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	a.must(err)
	template.SerialNumber = big.NewInt(time.Now().UnixNano())
	template.Subject = pkix.Name{CommonName: name}
	template.NotBefore, template.NotAfter = time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
	parent, signer := a.cert, a.key
	if parent == nil {
		parent, signer = template, key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, signer)
	a.must(err)
	private, err := x509.MarshalPKCS8PrivateKey(key)
	a.must(err)
	a.must(os.WriteFile(a.file(name+".pem"), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600))
	a.must(os.WriteFile(a.file(name+".key"), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}), 0o600))
	cert, err := x509.ParseCertificate(der)
	a.must(err)
	return cert, key
}

func (a *authority) must(err error) {
	a.t.Helper()
	if err != nil {
		a.t.Fatal(err)
	}
}

// listener accepts clients over TLS, as "lab" and "localhost", and requires their
// certificates if asked to.
func (a *authority) listener(clientAuth tls.ClientAuthType) net.Listener {
	a.t.Helper()
	a.write("service", &x509.Certificate{DNSNames: []string{"lab", "localhost"}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}})
	pair, err := tls.LoadX509KeyPair(a.file("service.pem"), a.file("service.key"))
	a.must(err)
	clients := x509.NewCertPool()
	clients.AddCert(a.cert)
	l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{pair}, ClientAuth: clientAuth, ClientCAs: clients})
	a.must(err)
	return l
}

// client returns a client of a service over TLS.
func (a *authority) client(address connection.Address, files control.ClientTLS) *control.Client {
	a.t.Helper()
	config, err := files.Config()
	a.must(err)
	c := control.NewClient(control.ClientOptions{Address: address, Timeout: late, TLS: config, Authkey: "k"})
	a.t.Cleanup(func() { c.Close() })
	return c
}

func TestCallsOverTLS(t *testing.T) {
	a := newAuthority(t)
	l := a.listener(tls.NoClientCert)
	s, stop := start(t, methods{"echo": echo}, control.Options{Listener: l, Authkey: "k"})
	address := connection.Address{Port: s.Address().Port}
	c := a.client(address, control.ClientTLS{CA: a.file("ca.pem")})
	large := strings.Repeat("x", 1<<20)
	for range 3 {
		if got, err := call(c, "echo", large); err != nil || len(got) != len(large)+2 {
			t.Fatalf("got %d bytes, %v", len(got), err)
		}
		if got, err := call(c, "echo", 1); got != "1" || err != nil {
			t.Fatalf("got %s, %v", got, err)
		}
	}
	first, second := begin(t, c, "echo", 1), begin(t, c, "echo", 2)
	wantResult(t, second, "2")
	wantResult(t, first, "1")

	conn, err := net.Dial("tcp", l.Addr().String())
	a.must(err)
	config, err := control.ClientTLS{CA: a.file("ca.pem"), ServerName: "lab"}.Config()
	a.must(err)
	handed := control.NewClient(control.ClientOptions{Conn: conn, TLS: config, Authkey: "k", Timeout: late})
	defer handed.Close()
	if got, err := call(handed, "echo", 1); got != "1" || err != nil {
		t.Errorf("over a connection that was handed in: got %s, %v", got, err)
	}
	stop()
	if _, err := call(c, "echo", 1); !errors.Is(err, exceptions.Exit) {
		t.Errorf("after the service has ended: got %v, want Exit", err)
	}
}

func TestTimeoutPoisonsOverTLS(t *testing.T) {
	a := newAuthority(t)
	release := make(chan bool)
	slow := method{rpc, func(context.Context, *control.Conn, *control.Call) (any, error) { <-release; return 1, nil }}
	s, _ := start(t, methods{"slow": slow}, control.Options{Listener: a.listener(tls.NoClientCert), Authkey: "k"})
	defer close(release)
	c := a.client(connection.Address{Port: s.Address().Port}, control.ClientTLS{CA: a.file("ca.pem")})
	a.must(c.Connect(ctx))
	if _, err := c.Call(ctx, "slow", nil, nil, 20*time.Millisecond); !errors.Is(err, exceptions.ConnectionTimeout) {
		t.Errorf("got %v, want ConnectionTimeout", err)
	}
	if _, err := call(c, "slow"); !errors.Is(err, exceptions.ConnectionClosed) {
		t.Errorf("got %v, want ConnectionClosed", err)
	}
}

func TestCertificatesAreChecked(t *testing.T) {
	a, stranger := newAuthority(t), newAuthority(t)
	stranger.write("client", &x509.Certificate{ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}})
	a.write("client", &x509.Certificate{ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}})
	s, _ := start(t, methods{"echo": echo}, control.Options{Listener: a.listener(tls.RequireAndVerifyClientCert), Authkey: "k"})
	address := connection.Address{Port: s.Address().Port}
	own := control.ClientTLS{CA: a.file("ca.pem"), Cert: a.file("client.pem"), Key: a.file("client.key")}
	if got, err := call(a.client(address, own), "echo", 1); got != "1" || err != nil {
		t.Errorf("got %s, %v", got, err)
	}
	for what, change := range map[string]func(*control.ClientTLS){
		"unknown authority":    func(f *control.ClientTLS) { f.CA = stranger.file("ca.pem") },
		"not other":            func(f *control.ClientTLS) { f.ServerName = "other" },
		"certificate required": func(f *control.ClientTLS) { f.Cert, f.Key = "", "" },
		"refused the client certificate": func(f *control.ClientTLS) {
			f.Cert, f.Key = stranger.file("client.pem"), stranger.file("client.key")
		},
	} {
		files := own
		change(&files)
		if _, err := call(a.client(address, files), "echo", 1); !errors.Is(err, exceptions.AuthError) || !strings.Contains(err.Error(), what) {
			t.Errorf("got %v, want an AuthError with %q", err, what)
		}
	}
}

func TestServiceWithoutTLS(t *testing.T) {
	a := newAuthority(t)
	s, _ := start(t, methods{"echo": echo}, control.Options{Authkey: "k"})
	c := a.client(connection.Address{Port: s.Address().Port}, control.ClientTLS{CA: a.file("ca.pem")})
	if _, err := call(c, "echo", 1); !errors.Is(err, exceptions.AuthError) || !strings.Contains(err.Error(), "no TLS connection to the server at") {
		t.Errorf("got %v, want an AuthError", err)
	}
}

func TestHandshakeOverTLSTimesOut(t *testing.T) {
	address := stranger(t, func(r *raw) {
		for r.get() != "<closed>" {
		}
	})
	c := control.NewClient(control.ClientOptions{Address: address, Timeout: 50 * time.Millisecond, TLS: &tls.Config{}})
	defer c.Close()
	if err := c.Connect(ctx); !errors.Is(err, exceptions.ConnectionTimeout) {
		t.Errorf("got %v, want ConnectionTimeout", err)
	}
}

func TestFilesOfTLS(t *testing.T) {
	a := newAuthority(t)
	for want, files := range map[string]control.ClientTLS{
		"no such file":               {CA: a.file("missing.pem")},
		"wanted certificates in PEM": {CA: a.file("ca.key")},
		"got only one of the two":    {Cert: a.file("ca.pem")},
		"client certificate: open":   {Cert: a.file("ca.pem"), Key: a.file("missing.key")},
	} {
		if _, err := files.Config(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want an error with %q", err, want)
		}
	}
}

// gluing holds what is written to it until it can be written at once.
type gluing struct {
	net.Conn
	hold    bool
	pending []byte
}

func (g *gluing) Write(p []byte) (int, error) {
	if g.hold {
		g.pending = append(g.pending, p...)
		return len(p), nil
	}
	return g.Conn.Write(p)
}

func (g *gluing) flush() {
	g.hold = false
	g.Conn.Write(g.pending)
}

func TestAnswerOfNobodyOverTLS(t *testing.T) {
	a := newAuthority(t)
	a.listener(tls.NoClientCert).Close() // for its certificate
	pair, err := tls.LoadX509KeyPair(a.file("service.pem"), a.file("service.key"))
	a.must(err)
	l := localListener(t)
	served := make(chan bool)
	go func() {
		defer close(served)
		conn, err := l.Accept()
		if err != nil {
			return
		}
		glue := &gluing{Conn: conn}
		r := newRaw(t, tls.Server(glue, &tls.Config{Certificates: []tls.Certificate{pair}}))
		r.put("#CHALLENGE#salt")
		r.get()
		r.put(`{"authenticated": true}`)
		r.get()
		glue.hold = true // the second answer in a record of its own
		r.put(`{"result": 1}`)
		r.put(`{"result": "of nobody"}`)
		glue.flush()
		r.want("<closed>")
	}()
	c := a.client(connection.AddressOf(l.Addr()), control.ClientTLS{CA: a.file("ca.pem"), ServerName: "lab"})
	if got, err := call(c, "a"); got != "1" || err != nil {
		t.Errorf("got %s, %v", got, err)
	}
	if got, err := call(c, "b"); !errors.Is(err, exceptions.ConnectionClosed) {
		t.Errorf("got %s, %v, want ConnectionClosed", got, err)
	}
	<-served
}
