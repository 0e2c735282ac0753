package lualib

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"syscall"
	"time"

	lua "github.com/yuin/gopher-lua"

	"avescript/core/exceptions"
	"avescript/core/files"
	"avescript/lualib/bind"
	"avescript/lualib/codec"
)

// httpOptions are those of all functions of ave.http.
type httpOptions struct {
	Headers   map[string]string `lua:"headers"`
	Query     map[string]string `lua:"query"`
	Body      string            `lua:"body"`
	JSON      lua.LValue        `lua:"json"`
	Form      map[string]string `lua:"form"`
	Timeout   bind.Seconds      `lua:"timeout"`
	Redirects int               `lua:"redirects"`
	User      string            `lua:"user"`
	Password  string            `lua:"password"`
	Bearer    string            `lua:"bearer"`
	CAFile    string            `lua:"ca_file"`
	CertFile  string            `lua:"cert_file"`
	KeyFile   string            `lua:"key_file"`
	Insecure  bool              `lua:"insecure"`
	File      string            `lua:"file"`
	MaxSize   int               `lua:"max_size"`
}

const (
	defaultRedirects = 10
	defaultMaxSize   = 64 << 20 // of a body that is kept in memory

	// A server that is not there is found out by these, also without a timeout.
	connectTimeout   = 30 * time.Second
	handshakeTimeout = 30 * time.Second
)

func newHTTPOptions() httpOptions { return httpOptions{Redirects: defaultRedirects} }

// limit is how long a body may be; 0 is any length.
func (o *httpOptions) limit() int64 {
	if o.MaxSize == 0 && o.File == "" {
		return defaultMaxSize
	}
	return int64(o.MaxSize)
}

// limited is ctx with the timeout of the whole exchange.
func (o *httpOptions) limited(ctx context.Context) (context.Context, context.CancelFunc) {
	if d := o.Timeout.Or(-1); d >= 0 {
		return context.WithTimeout(ctx, d)
	}
	return ctx, func() {}
}

func (o *httpOptions) request(L *lua.LState, method, address string) (*http.Request, error) {
	body, kind, err := o.body(L)
	if err != nil {
		return nil, err
	}
	request, err := http.NewRequest(method, address, body)
	if err != nil {
		return nil, fmt.Errorf("wanted a method and a URL, got %q and %q: %w", method, address, err)
	}
	if scheme := request.URL.Scheme; (scheme != "http" && scheme != "https") || request.URL.Host == "" {
		return nil, fmt.Errorf("wanted a URL that begins with http://HOST or https://HOST, got %q", address)
	}
	query := request.URL.Query()
	for name, value := range o.Query {
		query.Set(name, value)
	}
	if len(o.Query) > 0 {
		request.URL.RawQuery = query.Encode()
	}
	request.Header.Set("User-Agent", "avescript")
	if kind != "" {
		request.Header.Set("Content-Type", kind)
	}
	if o.Bearer != "" {
		request.Header.Set("Authorization", "Bearer "+o.Bearer)
	}
	if o.User != "" || o.Password != "" {
		request.SetBasicAuth(o.User, o.Password)
	}
	setHeaders(request, o.Headers)
	return request, nil
}

// body is what is sent, with its type.
func (o *httpOptions) body(L *lua.LState) (body io.Reader, kind string, err error) {
	given := 0
	if o.Body != "" {
		given++
		body = strings.NewReader(o.Body)
	}
	if o.JSON != nil {
		given++
		text, err := codec.For(L).Append(L, nil, o.JSON)
		if err != nil {
			return nil, "", err
		}
		body, kind = strings.NewReader(string(text)), "application/json"
	}
	if o.Form != nil {
		given++
		values := url.Values{}
		for name, value := range o.Form {
			values.Set(name, value)
		}
		body, kind = strings.NewReader(values.Encode()), "application/x-www-form-urlencoded"
	}
	if given > 1 {
		return nil, "", exceptions.TypeError.Newf("wanted one of the options 'body', 'json' and 'form', got %d", given)
	}
	return body, kind, nil
}

// client is one for a single request. Scripts make few, and so none leaves
// connections behind.
func (o *httpOptions) client(ctx context.Context) (*http.Client, error) {
	settings, err := o.tls(ctx)
	if err != nil {
		return nil, err
	}
	dialer := net.Dialer{Timeout: connectTimeout}
	return &http.Client{
		Transport: &http.Transport{
			Proxy:               http.ProxyFromEnvironment,
			DialContext:         dialer.DialContext,
			TLSClientConfig:     settings,
			TLSHandshakeTimeout: handshakeTimeout,
			ForceAttemptHTTP2:   true,
		},
		CheckRedirect: o.checkRedirect,
	}, nil
}

// checkRedirect lets credentials go to nobody but whom they were meant for, also
// if another one has sent the request back there. net/http would give them to
// subdomains, to other ports, and to http after https.
func (o *httpOptions) checkRedirect(next *http.Request, via []*http.Request) error {
	switch {
	case o.Redirects == 0:
		return http.ErrUseLastResponse
	case len(via) > o.Redirects:
		return fmt.Errorf("wanted at most %d redirects, got more", o.Redirects)
	}
	isElsewhere := func(r *http.Request) bool { return origin(r.URL) != origin(via[0].URL) }
	if isElsewhere(next) || slices.ContainsFunc(via, isElsewhere) {
		next.Header.Del("Authorization")
		next.Header.Del("Cookie")
	}
	return nil
}

// origin is a URL's scheme, host and port.
func origin(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	return u.Scheme + "://" + net.JoinHostPort(strings.ToLower(u.Hostname()), port)
}

func (o *httpOptions) tls(ctx context.Context) (*tls.Config, error) {
	settings := &tls.Config{MinVersion: tls.VersionTLS12, InsecureSkipVerify: o.Insecure}
	if o.CAFile != "" {
		text, err := files.Read(ctx, o.CAFile, 0)
		if err != nil {
			return nil, exceptions.OfSystem(err)
		}
		settings.RootCAs = x509.NewCertPool()
		if !settings.RootCAs.AppendCertsFromPEM(text) {
			return nil, fmt.Errorf("%s: wanted certificates in PEM, found none", o.CAFile)
		}
	}
	if (o.CertFile == "") != (o.KeyFile == "") {
		return nil, exceptions.TypeError.Newf("wanted both of the options 'cert_file' and 'key_file', got one")
	}
	if o.CertFile != "" {
		pair, err := tls.LoadX509KeyPair(o.CertFile, o.KeyFile)
		if err != nil {
			return nil, fmt.Errorf("certificate %s with key %s: %w", o.CertFile, o.KeyFile, err)
		}
		settings.Certificates = []tls.Certificate{pair}
	}
	return settings, nil
}

// named gives an error of the exchange its class.
func (o *httpOptions) named(err error, method, address string) error {
	var late net.Error
	var known *exceptions.Error
	var about *url.Error
	class := exceptions.Exception
	switch {
	case errors.As(err, &known):
		return err // of the file
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &late) && late.Timeout():
		class = exceptions.Timeout
	case errors.Is(err, syscall.ECONNREFUSED):
		class = exceptions.ConnectionRefused
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		class = exceptions.ConnectionReset
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		class = exceptions.ConnectionClosed
	}
	if errors.As(err, &about) {
		err = about.Err // it says what is said here
	}
	if class == exceptions.Timeout && o.Timeout.Or(-1) >= 0 {
		return class.Newf("%s %s: not done within %v", method, address, o.Timeout.Or(0))
	}
	return class.Newf("%s %s: %w", method, address, err)
}
