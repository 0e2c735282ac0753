package page

import (
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"mime"
	"net"
	"net/http"
	"path"
	"strconv"
	"strings"
	"time"

	"avescript/core/fleet/wire"
)

// policy allows the page's own files and nothing else.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"

// mostBody is how long the body of a request may be.
const mostBody = 64 << 10

// actTime is how long somebody waits until something is done. A hub that leads nothing, and
// has lost contact to the others, never gets an answer.
const actTime = 20 * time.Second

func (p *Page) handler() http.Handler {
	mux := http.NewServeMux()
	see := func(pattern string, serve http.HandlerFunc) { mux.HandleFunc(pattern, p.known(serve)) }
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("ok\n")) })
	mux.HandleFunc("POST /login", p.login)
	mux.HandleFunc("POST /logout", p.logout)
	see("GET /api/me", p.serveMe)
	see("GET /api/lab", func(w http.ResponseWriter, _ *http.Request) {
		p.refresh()
		writeJSON(w, p.feed.lab())
	})
	see("GET /api/lab/events", p.serveLabEvents)
	see("GET /api/run/{run}/events", p.serveRun)
	see("GET /api/run/{run}/screen", p.serveScreen)
	see("GET /api/artifact/{object...}", p.serveArtifact)
	see("GET /api/piece", func(w http.ResponseWriter, r *http.Request) {
		writeJSON(w, p.history.piece(r.URL.Query().Get("key")))
	})
	see("GET /api/test", func(w http.ResponseWriter, r *http.Request) {
		writeJSON(w, p.history.test(r.URL.Query().Get("file"), r.URL.Query().Get("name")))
	})
	see("GET /api/tests", p.serveTests)
	see("GET /api/series", func(w http.ResponseWriter, r *http.Request) {
		hours, _ := strconv.ParseFloat(r.URL.Query().Get("hours"), 64)
		writeJSON(w, p.history.series(p.feed.lab().Time-3600*hours))
	})
	see("POST /api/act/{verb}", p.act)
	if p.options.Metrics != nil {
		mux.HandleFunc("GET /metrics", p.serveMetrics)
	}
	mux.HandleFunc("GET /", p.serveFile)
	return p.guard(http.NewCrossOriginProtection().Handler(mux))
}

// guard refuses requests that did not mean this page, and says what browsers may do with
// its answers.
func (p *Page) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if p.options.Login == nil && !namesLoopback(r.Host) {
			http.Error(w, "this page is only for its own host: open it as http://127.0.0.1", http.StatusMisdirectedRequest)
			return
		}
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		if p.options.Certificate != nil {
			h.Set("Permissions-Policy", "camera=(), microphone=(), geolocation=()")
		}
		next.ServeHTTP(w, r)
	})
}

// namesLoopback reports whether the Host of a request is a name of the loopback interface.
// A name that somebody else controls can have its address, too.
func namesLoopback(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	return isLoopback(strings.Trim(host, "[]"))
}

// known serves only those who may look.
func (p *Page) known(serve http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if _, ok := p.identity(r); !ok {
			http.Error(w, "log in first: open the link that the lab has printed for you", http.StatusUnauthorized)
			return
		}
		w.Header().Set("Cache-Control", "no-store")
		serve(w, r)
	}
}

func (p *Page) serveMe(w http.ResponseWriter, r *http.Request) {
	who, _ := p.identity(r)
	writeJSON(w, struct {
		Identity
		Keys bool `json:"keys"`
		Acts bool `json:"acts"`
	}{who, p.options.Login != nil, p.options.Act != nil && who.Role != wire.Viewer})
}

func (p *Page) serveTests(w http.ResponseWriter, r *http.Request) {
	list, all := p.history.tests(r.URL.Query().Get("q"), 500)
	writeJSON(w, struct {
		Tests []TestSummary `json:"tests"`
		All   int           `json:"all"`
	}{list, all})
}

// act does what somebody asks for. That the request comes from this page is checked
// before: by the cookie, which other sites cannot use, by its origin, and by its type, which
// forms cannot send.
func (p *Page) act(w http.ResponseWriter, r *http.Request) {
	who, _ := p.identity(r)
	verb := r.PathValue("verb")
	var body any
	admin := true
	switch verb {
	case wire.VerbCancel:
		body, admin = new(wire.Cancel), false
	case wire.VerbDrain:
		body = new(wire.Drain)
	case wire.VerbAside:
		body = new(wire.Aside)
	default:
		http.NotFound(w, r)
		return
	}
	switch {
	case p.options.Act == nil:
		http.Error(w, "this page only shows the lab", http.StatusForbidden)
	case who.Role == wire.Viewer, admin && who.Role != wire.Admin:
		http.Error(w, fmt.Sprintf("a %s may not do this", who.Role), http.StatusForbidden)
	case readJSON(w, r, body):
		ctx, cancel := context.WithTimeout(r.Context(), actTime)
		defer cancel()
		if err := p.options.Act(ctx, who, verb, body); err != nil {
			text := err.Error()
			if ctx.Err() != nil {
				text = fmt.Sprintf("no answer within %s: no hub leads the lab, or this one cannot reach it: try again later", actTime)
			}
			http.Error(w, text, http.StatusConflict)
			return
		}
		writeJSON(w, struct{}{})
	}
}

// serveFile serves the files of the page. Addresses such as /run/ID are made by its script.
func (p *Page) serveFile(w http.ResponseWriter, r *http.Request) {
	name := strings.TrimPrefix(path.Clean(r.URL.Path), "/")
	if !strings.HasPrefix(name, "web/") {
		name = "web/index.html"
	}
	text, err := fs.ReadFile(web, name)
	if err != nil {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Cache-Control", "no-cache")
	w.Header().Set("ETag", etags[name])
	if r.Header.Get("If-None-Match") == etags[name] {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	w.Header().Set("Content-Type", types[path.Ext(name)])
	_, _ = w.Write(text)
}

func readJSON(w http.ResponseWriter, r *http.Request, to any) bool {
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if kind != "application/json" {
		http.Error(w, "wanted a body of the type application/json", http.StatusUnsupportedMediaType)
		return false
	}
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, mostBody)).Decode(to); err != nil {
		http.Error(w, "the body is not what was expected: "+err.Error(), http.StatusBadRequest)
		return false
	}
	return true
}

func writeJSON(w http.ResponseWriter, value any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(value)
}
