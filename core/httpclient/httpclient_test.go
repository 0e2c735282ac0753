package httpclient_test

import (
	"bytes"
	"context"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"avescript/core/connection"
	"avescript/core/exceptions"
	"avescript/core/httpclient"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// serve answers with 1 MiB at /large, with half of the promised body at /broken, never
// at /slow, and redirects from /circle to itself. Elsewhere it returns the header.
func serve(t *testing.T, start func(*httptest.Server)) *httptest.Server {
	mux := http.NewServeMux()
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "%s|%s|%s", r.Header.Get("Authorization"), r.Header.Get("Cookie"), r.Header.Get("X-Test"))
	})
	mux.HandleFunc("/large", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(bytes.Repeat([]byte("x"), 1<<20)) })
	mux.HandleFunc("/broken", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "100")
		fmt.Fprint(w, "half")
	})
	mux.HandleFunc("/slow", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	mux.Handle("/none", http.NotFoundHandler())
	mux.Handle("/circle", http.RedirectHandler("/circle", http.StatusFound))
	server := httptest.NewUnstartedServer(mux)
	start(server)
	t.Cleanup(server.Close)
	return server
}

func get(t *testing.T, r httpclient.Request) *httpclient.Response {
	t.Helper()
	r.Method = http.MethodGet
	response, err := httpclient.Do(t.Context(), &r, connection.Forever)
	if err != nil {
		t.Fatal(err)
	}
	return response
}

// Another port is another origin, although net/http does not think so.
func TestCredentialsStayWithTheirOrigin(t *testing.T) {
	elsewhere := serve(t, (*httptest.Server).Start)
	mux := http.NewServeMux()
	mux.Handle("/away", http.RedirectHandler(elsewhere.URL+"/", http.StatusFound))
	mux.Handle("/near", http.RedirectHandler("/here", http.StatusFound))
	mux.HandleFunc("/here", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, r.Header.Get("Authorization")+r.Header.Get("Cookie"))
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	for path, want := range map[string]string{"/away": "||kept", "/near": "Bearer tc=1"} {
		r := httpclient.Request{
			URL: server.URL + path, Redirects: httpclient.DefaultRedirects,
			Bearer: "t", Header: map[string]string{"Cookie": "c=1", "x-test": "kept"},
		}
		if got := get(t, r).Body; string(got) != want {
			t.Errorf("%s: got %q, want %q", path, got, want)
		}
	}
}

func TestRedirects(t *testing.T) {
	server := serve(t, (*httptest.Server).Start)
	if response := get(t, httpclient.Request{URL: server.URL + "/circle"}); response.Status != http.StatusFound || response.OK() {
		t.Errorf("got the status %d, OK: %v", response.Status, response.OK())
	}
	r := httpclient.Request{Method: "GET", URL: server.URL + "/circle", Redirects: 3}
	if _, err := httpclient.Do(t.Context(), &r, connection.Forever); err == nil || !strings.Contains(err.Error(), "wanted at most 3 redirects, got more") {
		t.Errorf("got %v", err)
	}
}

func TestFile(t *testing.T) {
	server := serve(t, (*httptest.Server).Start)
	path := filepath.Join(t.TempDir(), "file")
	response := get(t, httpclient.Request{URL: server.URL + "/large", File: path})
	if info, err := os.Stat(path); err != nil || info.Size() != 1<<20 || response.Size != 1<<20 || !response.IsInFile || response.Body != nil {
		t.Errorf("got %v, %d bytes, in the file: %v", err, response.Size, response.IsInFile)
	}
	response = get(t, httpclient.Request{URL: server.URL + "/none", File: path})
	if response.IsInFile || string(response.Body) != "404 page not found\n" {
		t.Errorf("got %q, in the file: %v", response.Body, response.IsInFile)
	}
}

func TestErrors(t *testing.T) {
	server := serve(t, (*httptest.Server).Start)
	dir := t.TempDir()
	kept := filepath.Join(dir, "kept")
	if err := os.WriteFile(kept, []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		request httpclient.Request
		timeout time.Duration
		class   error
		message string
	}{
		"timeout":      {httpclient.Request{URL: server.URL + "/slow"}, 50 * time.Millisecond, exceptions.Timeout, "/slow: timed out after 50ms"},
		"no time":      {httpclient.Request{URL: server.URL}, 0, exceptions.Timeout, "timed out after 0s"},
		"too long":     {httpclient.Request{URL: server.URL + "/large", MaxSize: 1000}, -1, exceptions.Exception, "the body is longer than max_size"},
		"file":         {httpclient.Request{URL: server.URL + "/large", MaxSize: 1000, File: kept}, -1, exceptions.Exception, "the body is longer than max_size"},
		"broken":       {httpclient.Request{URL: server.URL + "/broken", File: kept}, -1, exceptions.ConnectionClosed, "unexpected EOF"},
		"directory":    {httpclient.Request{URL: server.URL, File: filepath.Join(dir, "none", "x")}, -1, exceptions.OSError, "none"},
		"refused":      {httpclient.Request{URL: "http://127.0.0.1:1/"}, -1, exceptions.ConnectionRefused, "http://127.0.0.1:1/: "},
		"no server":    {httpclient.Request{URL: "ftp://x/"}, -1, nil, `wanted a URL that begins with http://HOST or https://HOST, got "ftp://x/"`},
		"no method":    {httpclient.Request{Method: "A B", URL: server.URL}, -1, nil, "wanted a method and a URL"},
		"authority":    {httpclient.Request{URL: server.URL, CAFile: kept}, -1, exceptions.Exception, "wanted certificates in PEM format, found none"},
		"certificates": {httpclient.Request{URL: server.URL, CertFile: kept, KeyFile: kept}, -1, exceptions.Exception, "certificate " + kept},
		"one of two":   {httpclient.Request{URL: server.URL, CertFile: kept}, -1, exceptions.Exception, "certificate " + kept},
	} {
		_, err := httpclient.Do(context.Background(), &c.request, c.timeout)
		if err == nil || c.class != nil && !errors.Is(err, c.class) || !strings.Contains(err.Error(), c.message) {
			t.Errorf("%s: got %v, want %v: %s", name, err, c.class, c.message)
		}
	}
	entries, err := os.ReadDir(dir)
	if text, _ := os.ReadFile(kept); err != nil || string(text) != "old" || len(entries) != 1 {
		t.Errorf("after what went wrong: got %q and %v, want the old file alone", text, entries)
	}
}

func TestTLS(t *testing.T) {
	server := serve(t, (*httptest.Server).StartTLS)
	ca := filepath.Join(t.TempDir(), "ca.pem")
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	if err := os.WriteFile(ca, text, 0o600); err != nil {
		t.Fatal(err)
	}
	get(t, httpclient.Request{URL: server.URL, CAFile: ca})
	get(t, httpclient.Request{URL: server.URL, Insecure: true})
	r := httpclient.Request{Method: "GET", URL: server.URL}
	if _, err := httpclient.Do(t.Context(), &r, connection.Forever); err == nil || !strings.Contains(err.Error(), "certificate signed by unknown authority") {
		t.Errorf("got %v", err)
	}
}

func TestPasswordIsHidden(t *testing.T) {
	server := serve(t, (*httptest.Server).Start)
	response := get(t, httpclient.Request{URL: strings.Replace(server.URL, "//", "//u:secret@", 1)})
	if strings.Contains(response.URL, "secret") || !strings.Contains(response.URL, "u:xxxxx@") {
		t.Errorf("got %s", response.URL)
	}
}
