// Package httpclient makes single HTTP requests.
//
// [Do] sends a [Request], follows redirects and reads the whole answer, into memory or
// a file. No connection stays open. Credentials are only sent to the origin for which
// they were given, and the size of the body is limited.
//
//	response, err := httpclient.Do(ctx, &httpclient.Request{Method: "GET", URL: url}, 5*time.Second)
package httpclient

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"syscall"
	"time"

	"avescript/core/exceptions"
	"avescript/core/files"
)

// Request is a request and how to make it.
type Request struct {
	Method string
	URL    string            // http://HOST... or https://HOST...
	Query  map[string]string // added to the URL
	Header map[string]string // override those derived from the other fields

	Body        string
	ContentType string // of the body

	// User and Password, or else Bearer, are sent in the header Authorization.
	User, Password string
	Bearer         string

	// Redirects is how many redirects are followed; more are an error. With 0 a
	// redirect is returned as the answer.
	Redirects int

	// CAFile contains PEM certificates to trust instead of those of the system.
	// CertFile and KeyFile are the client's own. Insecure trusts every server.
	CAFile            string
	CertFile, KeyFile string
	Insecure          bool

	// File receives the body if the status is a success. If anything goes wrong, the
	// file is not changed.
	File string

	// MaxSize is the maximum size of the body in bytes. 0 means [DefaultMaxSize], or no
	// limit with File; a negative value means no limit.
	MaxSize int64
}

const (
	DefaultRedirects = 10       // as in most programs
	DefaultMaxSize   = 64 << 20 // for a body in memory
)

// Response is the answer of a server.
type Response struct {
	Status int
	Header http.Header
	URL    string // after redirects, without the password
	Body   []byte

	// IsInFile is true if the body, of Size bytes, was written to Request.File.
	IsInFile bool
	Size     int64
}

// errTooLong is the error for a body that exceeds the limit.
var errTooLong = errors.New("the body is longer than max_size")

// Do makes a request. With a negative timeout there is no limit for a server that
// answers. Errors of the exchange are an [exceptions.Timeout], ConnectionRefused,
// ConnectionReset or ConnectionClosed, an OSError of a file, or else an Exception. A
// status other than success is not an error.
func Do(ctx context.Context, r *Request, timeout time.Duration) (*Response, error) {
	request, err := r.build()
	if err != nil {
		return nil, err
	}
	if timeout >= 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, timeout)
		defer cancel()
	}
	response, err := r.exchange(request.WithContext(ctx))
	if err != nil {
		return nil, named(err, request, timeout)
	}
	return response, nil
}

func (r *Request) build() (*http.Request, error) {
	request, err := http.NewRequest(r.Method, r.URL, strings.NewReader(r.Body))
	if err != nil {
		return nil, fmt.Errorf("wanted a method and a URL, got %q and %q: %w", r.Method, r.URL, err)
	}
	if scheme := request.URL.Scheme; (scheme != "http" && scheme != "https") || request.URL.Host == "" {
		return nil, fmt.Errorf("wanted a URL that begins with http://HOST or https://HOST, got %q", r.URL)
	}
	query := request.URL.Query()
	for name, value := range r.Query {
		query.Set(name, value)
	}
	if len(r.Query) > 0 {
		request.URL.RawQuery = query.Encode()
	}
	request.Header.Set("User-Agent", "avescript")
	if r.ContentType != "" {
		request.Header.Set("Content-Type", r.ContentType)
	}
	if r.Bearer != "" {
		request.Header.Set("Authorization", "Bearer "+r.Bearer)
	}
	if r.User != "" || r.Password != "" {
		request.SetBasicAuth(r.User, r.Password)
	}
	for _, name := range slices.Sorted(maps.Keys(r.Header)) {
		if strings.EqualFold(name, "Host") {
			request.Host = r.Header[name]
		}
		request.Header.Set(name, r.Header[name])
	}
	return request, nil
}

// exchange sends the request and reads the answer. Only the body of a success is
// written to the file.
func (r *Request) exchange(request *http.Request) (*Response, error) {
	ctx := request.Context()
	client, err := r.client(ctx)
	if err != nil {
		return nil, err
	}
	defer client.CloseIdleConnections()
	answer, err := client.Do(request)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	response := &Response{Status: answer.StatusCode, Header: answer.Header, URL: answer.Request.URL.Redacted()}
	body := io.Reader(answer.Body)
	if limit := r.limit(); limit > 0 {
		body = &limitedBody{body, limit}
	}
	if r.File != "" && response.OK() {
		response.IsInFile = true
		response.Size, err = files.Write(ctx, r.File, body, nil)
		return response, exceptions.OfSystem(err)
	}
	response.Body, err = io.ReadAll(body)
	return response, err
}

// OK reports whether the status is a success.
func (r *Response) OK() bool { return r.Status/100 == 2 }

// limit is the maximum size of the body; 0 or less means no limit.
func (r *Request) limit() int64 {
	if r.MaxSize == 0 && r.File == "" {
		return DefaultMaxSize
	}
	return r.MaxSize
}

// limitedBody fails if there is more data than its limit, where io.LimitedReader would
// just end.
type limitedBody struct {
	io.Reader
	left int64
}

func (b *limitedBody) Read(p []byte) (int, error) {
	n, err := b.Reader.Read(p[:min(int64(len(p)), b.left+1)])
	if b.left -= int64(n); b.left < 0 {
		return 0, errTooLong
	}
	return n, err
}

// named gives an error of the exchange its class.
func named(err error, request *http.Request, timeout time.Duration) error {
	var late net.Error
	var known *exceptions.Error
	var about *url.Error
	class := exceptions.Exception
	switch {
	case errors.As(err, &known):
		return err // an error of the file
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
		err = about.Err // method and URL are added here
	}
	address := request.URL.Redacted()
	if class == exceptions.Timeout && timeout >= 0 {
		return class.Newf("%s %s: timed out after %v", request.Method, address, timeout)
	}
	return class.Newf("%s %s: %w", request.Method, address, err)
}
