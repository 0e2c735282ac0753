package page

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"avescript/core/fleet/wire"
)

// loginTime is how long a browser stays logged in.
const loginTime = 30 * 24 * time.Hour

// logins makes and reads cookies. A cookie says who has logged in and until when, and is
// signed: nothing has to be remembered here, and a login outlives this process.
type logins struct {
	secret []byte
	secure bool
}

// name of the cookie: browsers accept the prefix only from https, for the whole site, and
// without other hosts of the domain.
func (l logins) name() string {
	if l.secure {
		return "__Host-lab"
	}
	return "lab"
}

type ticket struct {
	Identity
	Until int64 `json:"until"`
}

func (l logins) cookie(who Identity, now time.Time) *http.Cookie {
	text, _ := json.Marshal(ticket{who, now.Add(loginTime).Unix()})
	body := base64.RawURLEncoding.EncodeToString(text)
	return &http.Cookie{
		Name: l.name(), Value: body + "." + l.sign(body), Path: "/", MaxAge: int(loginTime.Seconds()),
		HttpOnly: true, Secure: l.secure, SameSite: http.SameSiteStrictMode,
	}
}

func (l logins) none() *http.Cookie {
	return &http.Cookie{Name: l.name(), Path: "/", MaxAge: -1, HttpOnly: true, Secure: l.secure, SameSite: http.SameSiteStrictMode}
}

func (l logins) sign(body string) string {
	mac := hmac.New(sha256.New, l.secret)
	mac.Write([]byte("login of the page\x00" + body))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

func (l logins) read(r *http.Request, now time.Time) (Identity, bool) {
	cookie, err := r.Cookie(l.name())
	if err != nil {
		return Identity{}, false
	}
	body, sum, _ := strings.Cut(cookie.Value, ".")
	if !hmac.Equal([]byte(sum), []byte(l.sign(body))) {
		return Identity{}, false
	}
	text, err := base64.RawURLEncoding.DecodeString(body)
	var t ticket
	if err != nil || json.Unmarshal(text, &t) != nil || now.Unix() > t.Until {
		return Identity{}, false
	}
	return t.Identity, true
}

// identity finds out who has sent a request: by its cookie, or by a key as programs send it.
func (p *Page) identity(r *http.Request) (Identity, bool) {
	if p.options.Login == nil {
		return Identity{Role: wire.Admin, Name: "local"}, true
	}
	if key, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok {
		who, ok := p.options.Login(key)
		return who, ok && mayLook(who)
	}
	who, ok := p.logins.read(r, time.Now())
	return who, ok && mayLook(who) && p.stillAllowed(who)
}

func mayLook(who Identity) bool {
	return who.Role == wire.Viewer || who.Role == wire.User || who.Role == wire.Admin
}

func (p *Page) stillAllowed(who Identity) bool {
	return p.options.Login == nil || p.options.Allowed == nil || p.options.Allowed(who)
}

// login takes the key from the body, not from the address, which would be in logs.
func (p *Page) login(w http.ResponseWriter, r *http.Request) {
	var given struct {
		Key string `json:"key"`
	}
	if !readJSON(w, r, &given) {
		return
	}
	if p.options.Login == nil {
		writeJSON(w, Identity{Role: wire.Admin, Name: "local"})
		return
	}
	who, ok := p.options.Login(given.Key)
	if !ok || !mayLook(who) {
		http.Error(w, "this key is not valid here: ask for another link", http.StatusForbidden)
		return
	}
	http.SetCookie(w, p.logins.cookie(who, time.Now()))
	writeJSON(w, who)
}

func (p *Page) logout(w http.ResponseWriter, _ *http.Request) {
	http.SetCookie(w, p.logins.none())
	w.WriteHeader(http.StatusNoContent)
}
