package page_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"io"
	"math/big"
	"net/http"
	"net/http/cookiejar"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"avescript/core/fleet/page"
	"avescript/core/fleet/wire"
)

// request sends a request, and returns status and body.
func request(t testing.TB, client *http.Client, method, url, body string, header ...string) (int, string, http.Header) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		if header[i] == "Host" {
			r.Host = header[i+1]
		}
		r.Header.Set(header[i], header[i+1])
	}
	answer, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, string(text), answer.Header
}

// newClient has cookies and connections of its own.
func newClient(t testing.TB) *http.Client {
	jar, _ := cookiejar.New(nil)
	transport := &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Jar: jar, Transport: transport}
}

func certificate(t testing.TB) *tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, &template, &template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// TestLoopbackOnly: without keys nobody else can get at the page, not even through a browser
// on this host that believes in a name of somebody else.
func TestLoopbackOnly(t *testing.T) {
	lab := labOf(t, 3)
	for _, address := range []string{":0", "0.0.0.0:0", "192.0.2.1:0"} {
		if p, err := page.Start(page.Options{Address: address, Lab: lab.view}); err == nil {
			_ = p.Close()
			t.Errorf("it listens on %q without keys", address)
		} else {
			wants(t, err.Error(), "without keys")
		}
	}
	p := open(t, page.Options{Lab: lab.view})
	client := newClient(t)
	for host, want := range map[string]int{
		"127.0.0.1": 200, "localhost:4280": 200, "[::1]:4280": 200, "127.8.9.1:1": 200,
		"evil.example": 421, "evil.example:4280": 421, "192.0.2.1": 421, "127.0.0.1.evil.example": 421,
	} {
		if got, _, _ := request(t, client, "GET", p.URL()+"/api/lab", "", "Host", host); got != want {
			t.Errorf("%s: status %d, wanted %d", host, got, want)
		}
	}
}

func TestKeysNeedTLS(t *testing.T) {
	_, err := page.Start(page.Options{Address: ":0", Lab: labOf(t, 0).view, Login: func(string) (page.Identity, bool) { return page.Identity{}, false }})
	if err == nil {
		t.Fatal("it sends keys in the clear")
	}
	wants(t, err.Error(), "certificate")
}

// TestAnswers looks at what anybody can ask for.
func TestAnswers(t *testing.T) {
	p := open(t, page.Options{Lab: labOf(t, 3).view, Metrics: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("fleet_hosts 3\n")) })})
	client := newClient(t)
	for path, want := range map[string]string{
		"/healthz": "ok\n", "/metrics": "fleet_hosts 3\n", "/": "<!doctype html>", "/run/261130-100000-ABCDEF": "<!doctype html>",
		"/web/page.css": ":root", "/web/main.js": "export|import", "/api/me": `"role":"admin"`, "/api/lab": `"name":"lab-3"`,
		"/api/piece?key=x": "[]", "/api/test?file=a&name=b": "[]", "/api/tests": `"tests":[]`, "/api/series?hours=1": "[",
	} {
		status, body, header := request(t, client, "GET", p.URL()+path, "")
		if want == "export|import" {
			want = "import"
		}
		if status != 200 || !strings.Contains(body, want) {
			t.Errorf("%s: %d %.200q, wanted %q", path, status, body, want)
		}
		wants(t, header.Get("Content-Security-Policy"), "default-src 'none'", "script-src 'self'", "frame-ancestors 'none'")
		if header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: the type of its content may be guessed", path)
		}
	}
	for _, path := range []string{"/web/nothing.js", "/web/../page.go", "/web/%2e%2e/page.go", "/api/nothing", "/api/run/a.b/events", "/api/artifact/x"} {
		status, body, _ := request(t, client, "GET", p.URL()+path, "")
		if status == 200 && !strings.HasPrefix(body, "<!doctype html>") || strings.Contains(body, "package page") {
			t.Errorf("%s: %d %.100q", path, status, body)
		}
	}
	_, _, header := request(t, client, "GET", p.URL()+"/web/main.js", "")
	if status, body, _ := request(t, client, "GET", p.URL()+"/web/main.js", "", "If-None-Match", header.Get("Etag")); status != 304 || body != "" {
		t.Errorf("a file that the browser has: %d", status)
	}
}

// TestLogin: a key becomes a cookie; without one there is nothing to see; who lost the key
// sees nothing any more.
func TestLogin(t *testing.T) {
	var revoked atomic.Bool
	p := open(t, page.Options{
		Lab: labOf(t, 3).view, Certificate: certificate(t),
		Login: func(key string) (page.Identity, bool) {
			who := map[string]page.Identity{"v": {Role: wire.Viewer, Name: "vera", Key: "UV"}, "u": {Role: wire.User, Name: "anna"}, "w": {Role: wire.Worker, Name: "lab-1"}}[key]
			return who, who.Role != ""
		},
		Allowed: func(who page.Identity) bool { return !revoked.Load() && who.Key == "UV" },
	})
	client := newClient(t)
	for _, path := range []string{"/api/lab", "/api/lab/events", "/api/me", "/api/run/x/events", "/api/artifact/x", "/api/piece", "/api/series"} {
		if status, body, _ := request(t, client, "GET", p.URL()+path, ""); status != 401 || strings.Contains(body, "lab-1") {
			t.Errorf("%s without a key: %d %q", path, status, body)
		}
	}
	if status, _, _ := request(t, client, "GET", p.URL()+"/healthz", ""); status != 200 {
		t.Errorf("/healthz: %d", status)
	}
	login := func(key string) (int, http.Header) {
		status, _, header := request(t, client, "POST", p.URL()+"/login", `{"key":"`+key+`"}`, "Content-Type", "application/json")
		return status, header
	}
	for _, key := range []string{"", "x", "w"} {
		if status, header := login(key); status != 403 || header.Get("Set-Cookie") != "" {
			t.Errorf("key %q: status %d", key, status)
		}
	}
	status, header := login("v")
	if status != 200 {
		t.Fatalf("login: status %d", status)
	}
	cookie := header.Get("Set-Cookie")
	wants(t, cookie, "__Host-lab=", "HttpOnly", "Secure", "SameSite=Strict", "Path=/")
	if status, body, _ := request(t, client, "GET", p.URL()+"/api/me", ""); status != 200 || !strings.Contains(body, `"name":"vera"`) {
		t.Errorf("after login: %d %s", status, body)
	}
	forged := strings.Replace(strings.Split(cookie, ";")[0], ".", "x.", 1)
	if status, _, _ := request(t, newClient(t), "GET", p.URL()+"/api/lab", "", "Cookie", forged); status != 401 {
		t.Errorf("a forged cookie: status %d", status)
	}
	if status, _, _ := request(t, newClient(t), "GET", p.URL()+"/api/lab", "", "Authorization", "Bearer u"); status != 200 {
		t.Errorf("a program with a key: status %d", status)
	}
	revoked.Store(true)
	if status, _, _ := request(t, client, "GET", p.URL()+"/api/lab", ""); status != 401 {
		t.Errorf("a revoked key: status %d", status)
	}
	revoked.Store(false)
	request(t, client, "POST", p.URL()+"/logout", "")
	if status, _, _ := request(t, client, "GET", p.URL()+"/api/lab", ""); status != 401 {
		t.Errorf("after logout: status %d", status)
	}
}

// TestMetricsToken: Prometheus has a token that reads the metrics, and nothing else.
func TestMetricsToken(t *testing.T) {
	dir := t.TempDir()
	p := open(t, page.Options{
		Lab: labOf(t, 3).view, Certificate: certificate(t), Dir: dir,
		Login:   func(string) (page.Identity, bool) { return page.Identity{}, false },
		Metrics: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("fleet_hosts 3\n")) }),
	})
	token, err := os.ReadFile(filepath.Join(dir, page.TokenFile))
	if err != nil {
		t.Fatal(err)
	}
	client := newClient(t)
	for path, c := range map[string]struct {
		token  string
		status int
	}{"/metrics": {string(token), 200}, "/metrics?": {"x", 401}, "/api/lab": {string(token), 401}} {
		if status, body, _ := request(t, client, "GET", p.URL()+path, "", "Authorization", "Bearer "+c.token); status != c.status {
			t.Errorf("%s: %d %s, wanted %d", path, status, body, c.status)
		}
	}
}

// TestActs: what somebody may do depends on the role, and only this page can ask for it.
func TestActs(t *testing.T) {
	type did struct {
		who  page.Identity
		verb string
		body any
	}
	var acts []did
	p := open(t, page.Options{
		Lab: labOf(t, 3).view, Certificate: certificate(t),
		Login: func(key string) (page.Identity, bool) { return page.Identity{Role: key, Name: "x"}, key != "" },
		Act: func(_ context.Context, who page.Identity, verb string, body any) error {
			acts = append(acts, did{who, verb, body})
			if verb == wire.VerbAside {
				return errors.New("there is no such piece")
			}
			return nil
		},
	})
	client := newClient(t)
	for _, c := range []struct {
		role, verb, body string
		status           int
		want             any
	}{
		{wire.Viewer, "cancel", `{"run":"r"}`, 403, nil},
		{wire.Viewer, "drain", `{"host":"h"}`, 403, nil},
		{wire.User, "drain", `{"host":"h"}`, 403, nil},
		{wire.User, "cancel", `{"run":"r","reason":"wrong branch"}`, 200, &wire.Cancel{Run: "r", Reason: "wrong branch"}},
		{wire.Admin, "drain", `{"host":"h","off":true}`, 200, &wire.Drain{Host: "h", Off: true}},
		{wire.Admin, "aside", `{"host":"h","piece":"p"}`, 409, &wire.Aside{Host: "h", Piece: "p"}},
		{wire.Admin, "invite", `{}`, 404, nil},
		{wire.Admin, "drain", `{`, 400, nil},
		{wire.Worker, "drain", `{}`, 401, nil},
	} {
		acts = nil
		status, body, _ := request(t, client, "POST", p.URL()+"/api/act/"+c.verb, c.body, "Content-Type", "application/json", "Authorization", "Bearer "+c.role)
		if status != c.status {
			t.Errorf("%s %s: %d %s, wanted %d", c.role, c.verb, status, body, c.status)
		}
		if c.want == nil && len(acts) > 0 || c.want != nil && (len(acts) != 1 || !cmp.Equal(acts[0].body, c.want) || acts[0].who.Role != c.role) {
			t.Errorf("%s %s did %v", c.role, c.verb, acts)
		}
	}
	acts = nil
	for name, header := range map[string][]string{
		"another site": {"Content-Type", "application/json", "Origin", "https://evil.example"},
		"a form":       {"Content-Type", "text/plain"},
		"a frame":      {"Content-Type", "application/json", "Sec-Fetch-Site", "cross-site"},
	} {
		header = append(header, "Authorization", "Bearer "+wire.Admin)
		if status, _, _ := request(t, client, "POST", p.URL()+"/api/act/drain", `{"host":"h"}`, header...); status < 400 || len(acts) > 0 {
			t.Errorf("%s drains a host: status %d", name, status)
		}
	}
}

// TestArtifacts are downloads, whatever is in them and whatever they are called.
func TestArtifacts(t *testing.T) {
	o := newOutputs(t)
	o.keep("run/3/12.0/0", "<script>alert(1)</script>")
	p := open(t, page.Options{Lab: labOf(t, 3).view, JetStream: o.js})
	client := newClient(t)
	status, body, header := request(t, client, "GET", p.URL()+"/api/artifact/run/3/12.0/0?name=../../x%22%0d%0a.html", "")
	if status != 200 || body != "<script>alert(1)</script>" {
		t.Errorf("%d %q", status, body)
	}
	if got := header.Get("Content-Disposition"); !strings.HasPrefix(got, "attachment") || strings.Contains(got, "/") || header.Get("Content-Type") != "application/octet-stream" {
		t.Errorf("it is not a plain download: %q %q", got, header.Get("Content-Type"))
	}
	if status, body, _ := request(t, client, "GET", p.URL()+"/api/artifact/run/3/12.0/1", ""); status != 404 || !strings.Contains(body, "no longer kept") {
		t.Errorf("a missing one: %d %q", status, body)
	}
	if status, body, _ := request(t, client, "GET", p.URL()+"/api/artifact/run/3/12.0/0?digest=SHA-256%3Dx", ""); status != 409 || !strings.Contains(body, "replaced") {
		t.Errorf("a replaced one: %d %q", status, body)
	}
}

func decode[T any](t testing.TB, text []byte) (value T) {
	t.Helper()
	if err := json.NewDecoder(bytes.NewReader(text)).Decode(&value); err != nil {
		t.Fatalf("%v: %.300s", err, text)
	}
	return value
}
