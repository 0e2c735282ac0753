package system_test

import (
	"bytes"
	"context"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	lua "github.com/yuin/gopher-lua"

	"avescript/internal/luatest"
	"avescript/lualib/bind"
)

// newHTTPServer answers as the paths say.
func newHTTPServer(t *testing.T, start func(*httptest.Server)) *httptest.Server {
	mux := http.NewServeMux()
	mux.HandleFunc("/echo", func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		user, password, _ := r.BasicAuth()
		fmt.Fprintf(w, "%s|%s|%s|%s|%s|%s:%s|%s", r.Method, r.URL.RawQuery, r.Header.Get("Content-Type"), body,
			r.Header.Get("X-Test"), user, password, r.Header.Get("Authorization"))
	})
	mux.HandleFunc("/json", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Add("X-Two", "a")
		w.Header().Add("X-Two", "b")
		fmt.Fprint(w, `{"list":[1,null]}`)
	})
	mux.HandleFunc("/large", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(bytes.Repeat([]byte("x"), 1<<20)) })
	mux.HandleFunc("/broken", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "100")
		fmt.Fprint(w, "half")
	})
	mux.HandleFunc("/slow", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	mux.Handle("/moved", http.RedirectHandler("/json", http.StatusFound))
	mux.Handle("/circle", http.RedirectHandler("/circle", http.StatusFound))
	server := httptest.NewUnstartedServer(mux)
	start(server)
	t.Cleanup(server.Close)
	return server
}

// evaluate runs a piece of Lua that has the server's URL and a directory, and
// gives its results as text, or "error: CLASS: " and the message.
func evaluate(t *testing.T, url, dir, code string) (text string) {
	t.Helper()
	v := luatest.New(t)
	err := v.Do(context.Background(), func(L *lua.LState) error {
		fn, err := v.Load([]byte(`local http, url, dir = require("ave.http"), ...; `+code), "=test")
		if err == nil {
			text = bind.Invoke(L, fn, url, dir).String()
		}
		return err
	})
	if err != nil {
		e := bind.AsException(v, err)
		return fmt.Sprintf("error: %s: %s", e.Class.Name, e.Message)
	}
	return strings.ReplaceAll(text, url, "URL")
}

func TestHTTP(t *testing.T) {
	server := newHTTPServer(t, (*httptest.Server).Start)
	for code, want := range map[string]string{
		`return http.get(url .. "/echo").body`:                                                                 "GET|||||:|",
		`return http.get(url .. "/echo?a=1", { query = { b = "x y" } }).body`:                                  "GET|a=1&b=x+y||||:|",
		`return http.post(url .. "/echo", { body = "text", headers = { ["x-test"] = 1 } }).body`:               "POST|||text|1|:|",
		`return http.put(url .. "/echo", { json = { 1, "a" } }).body`:                                          `PUT||application/json|[1,"a"]||:|`,
		`return http.post(url .. "/echo", { form = { a = "x y" } }).body`:                                      "POST||application/x-www-form-urlencoded|a=x+y||:|",
		`return http.delete(url .. "/echo", { user = "u", password = "p" }).body`:                              "DELETE|||||u:p|Basic dTpw",
		`return http.request("PATCH", url .. "/echo", { bearer = "t" }).body`:                                  "PATCH|||||:|Bearer t",
		`local r = http.get(url .. "/json"):check() return r:json().list[1] .. r.headers["x-two"] .. r.status`: "1a, b200",
		`return http.head(url .. "/json").body`:                                                                "",
		`return http.get(url .. "/moved").url`:                                                                 "URL/json",
		`return http.get(url .. "/moved", { redirects = 0 }).status`:                                           "302",
		`local r = http.get(url .. "/none") return r.status .. tostring(r.ok)`:                                 "404false",
		`local ok, e = pcall(function() http.get(url .. "/none"):check() end) return e.status .. e.body`:       "404404 page not found\n",
		`return #http.get(url .. "/large").body`:                                                               "1048576",
		`return http.get(url .. "/large", { file = dir .. "/large" }).size`:                                    "1048576",
		`http.get(url .. "/none", { file = dir .. "/none" }) return require("ave.fs").exists(dir .. "/none")`:  "false",
	} {
		if got := evaluate(t, server.URL, t.TempDir(), code); got != want {
			t.Errorf("%s:\n got %s\nwant %s", code, got, want)
		}
	}
}

func TestHTTPResponseHidesThePassword(t *testing.T) {
	server := newHTTPServer(t, (*httptest.Server).Start)
	code := `local r = http.get((url:gsub("//", "//u:secret@")) .. "/none") return r.url .. select(2, pcall(r.check, r)).message`
	if got := evaluate(t, server.URL, "", code); strings.Contains(got, "secret") || !strings.Contains(got, "u:xxxxx@") {
		t.Errorf("got %s", got)
	}
}

func TestHTTPErrors(t *testing.T) {
	server := newHTTPServer(t, (*httptest.Server).Start)
	dir := t.TempDir()
	kept := filepath.Join(dir, "kept")
	if err := os.WriteFile(kept, []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	for code, want := range map[string]string{
		`http.get(url .. "/slow", { timeout = 0.05 })`:                          "error: Timeout: GET " + server.URL + "/slow: timed out after 50ms",
		`require("ave.time").within(0.05, http.get, url .. "/slow")`:            "error: Timeout: the function did not return within 50ms",
		`http.get(url .. "/circle", { redirects = 3 })`:                         "wanted at most 3 redirects, got more",
		`http.get(url .. "/large", { max_size = 1000 })`:                        "the body is longer than max_size",
		`http.get(url .. "/large", { max_size = 1000, file = dir .. "/kept" })`: "the body is longer than max_size",
		`http.get(url .. "/broken", { file = dir .. "/kept" })`:                 "error: ConnectionClosed: ",
		`http.get(url .. "/json", { file = dir .. "/none/x" })`:                 "error: OSError: ",
		`http.get(url .. "/large"):json()`:                                      "line 1, column 1",
		`http.get("http://127.0.0.1:1/")`:                                       "error: ConnectionRefused: GET http://127.0.0.1:1/: ",
		`http.get("ftp://x/")`:                                                  `wanted a URL that begins with http://HOST or https://HOST, got "ftp://x/"`,
		`http.get("http://")`:                                                   "wanted a URL that begins with",
		`http.get("http://a b/")`:                                               "wanted a method and a URL",
		`http.request("A B", url)`:                                              "wanted a method and a URL",
		`http.get({})`:                                                          "error: TypeError: ave.http.get: argument 'url': wanted a string, got a table",
		`http.get(url, { tiemout = 1 })`:                                        "option 'tiemout': there is no such option",
		`http.post(url, { body = "x", json = 1 })`:                              "error: TypeError: the options 'body', 'json' and 'form' cannot be used together, got 2 of them",
		`http.post(url, { json = print })`:                                      "error: TypeError: ",
		`http.get(url, { cert_file = "x" })`:                                    "the options 'cert_file' and 'key_file' must be given together, got only one",
		`http.get(url, { ca_file = dir .. "/none" })`:                           "error: OSError: ",
		`http.get(url, { ca_file = dir .. "/kept" })`:                           "wanted certificates in PEM format, found none",
		`http.Response()`:                                                       "error: TypeError: Response: it is made by the functions of ave.http",
	} {
		if got := evaluate(t, server.URL, dir, code); !strings.HasPrefix(got, "error: ") || !strings.Contains(got, want) {
			t.Errorf("%s:\n got %s\nwant %s", code, got, want)
		}
	}
	entries, err := os.ReadDir(dir)
	if text, _ := os.ReadFile(kept); err != nil || string(text) != "old" || len(entries) != 1 {
		t.Errorf("after what went wrong: got %q and %v, want the old file alone", text, entries)
	}
}

func TestHTTPS(t *testing.T) {
	server := newHTTPServer(t, (*httptest.Server).StartTLS)
	dir := t.TempDir()
	ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	if err := os.WriteFile(filepath.Join(dir, "ca.pem"), ca, 0o600); err != nil {
		t.Fatal(err)
	}
	for code, want := range map[string]string{
		`return http.get(url .. "/json", { ca_file = dir .. "/ca.pem" }).status`: "200",
		`return http.get(url .. "/json", { insecure = true }).status`:            "200",
		`return http.get(url .. "/json").status`:                                 "certificate signed by unknown authority",
	} {
		if got := evaluate(t, server.URL, dir, code); !strings.Contains(got, want) {
			t.Errorf("%s:\n got %s\nwant %s", code, got, want)
		}
	}
}
