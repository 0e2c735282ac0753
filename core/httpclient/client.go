package httpclient

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"avescript/core/exceptions"
	"avescript/core/files"
)

// These limits detect a server that does not answer, even without a timeout.
const (
	connectTimeout   = 30 * time.Second
	handshakeTimeout = 30 * time.Second
)

// client returns a client for one request. Programs make few requests, so no connection
// is kept open.
func (r *Request) client(ctx context.Context) (*http.Client, error) {
	settings, err := r.tls(ctx)
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
		CheckRedirect: r.checkRedirect,
	}, nil
}

// checkRedirect sends credentials only to the origin for which they were given, even if
// another server has redirected the request back to it. net/http would also send them
// to subdomains, to other ports, and to http after https.
func (r *Request) checkRedirect(next *http.Request, via []*http.Request) error {
	switch {
	case r.Redirects == 0:
		return http.ErrUseLastResponse
	case len(via) > r.Redirects:
		return fmt.Errorf("wanted at most %d redirects, got more", r.Redirects)
	}
	isElsewhere := func(r *http.Request) bool { return origin(r.URL) != origin(via[0].URL) }
	if isElsewhere(next) || slices.ContainsFunc(via, isElsewhere) {
		next.Header.Del("Authorization")
		next.Header.Del("Cookie")
	}
	return nil
}

// origin is the scheme, host and port of a URL.
func origin(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	return u.Scheme + "://" + net.JoinHostPort(strings.ToLower(u.Hostname()), port)
}

func (r *Request) tls(ctx context.Context) (*tls.Config, error) {
	settings := &tls.Config{MinVersion: tls.VersionTLS12, InsecureSkipVerify: r.Insecure}
	if r.CAFile != "" {
		text, err := files.Read(ctx, r.CAFile, 0)
		if err != nil {
			return nil, exceptions.OfSystem(err)
		}
		settings.RootCAs = x509.NewCertPool()
		if !settings.RootCAs.AppendCertsFromPEM(text) {
			return nil, fmt.Errorf("%s: wanted certificates in PEM format, found none", r.CAFile)
		}
	}
	if r.CertFile != "" || r.KeyFile != "" {
		pair, err := tls.LoadX509KeyPair(r.CertFile, r.KeyFile)
		if err != nil {
			return nil, fmt.Errorf("certificate %s with key %s: %w", r.CertFile, r.KeyFile, err)
		}
		settings.Certificates = []tls.Certificate{pair}
	}
	return settings, nil
}
