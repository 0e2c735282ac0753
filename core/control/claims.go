package control

import (
	"encoding/json"
	"os"
	"sync"

	"avescript/core/persona"
	"avescript/core/process"
)

// A client says who it is, for the administrator of a service. The first call of a
// connection has this as the entry "client". Services that do not know the entry skip it,
// and it is not sent to services of the earlier system. Nothing depends on it, because
// anybody can claim anything.

const (
	// maxClaims is the longest entry that is looked at, in bytes.
	maxClaims = 1 << 10

	// maxClaim is how many characters of each claim are kept.
	maxClaim = 64
)

// Claims are what a client says about itself.
type Claims struct {
	Name    string `json:"name"` // of its process
	PID     int    `json:"pid"`
	Account string `json:"account"` // its user's
	Host    string `json:"host"`
}

// Claimant is a client with its claims.
type Claimant struct {
	Client [2]any `json:"client"` // its host and port
	Claims
}

// accountName is the name of the user that this process is now. It is looked up again when
// that changes.
var accountName struct {
	mu   sync.Mutex
	uid  int
	name string
}

func ownAccount() string {
	accountName.mu.Lock()
	defer accountName.mu.Unlock()
	if uid := os.Geteuid(); accountName.name == "" || accountName.uid != uid {
		accountName.uid, accountName.name = uid, persona.NameOf(uid)
	}
	return accountName.name
}

// ownClaims are the claims of this process, in the form for a call.
func ownClaims() json.RawMessage {
	claims := Claims{PID: os.Getpid(), Account: ownAccount()}
	claims.Host, _ = os.Hostname() // it may have no name
	if self, err := process.ReadStat(claims.PID); err == nil {
		claims.Name = self.Comm
	}
	text, _ := json.Marshal(claims) // cannot fail for strings and numbers
	return text
}

// introduction returns the claims of this process for the first call of a connection. It is
// nil for later calls, and for services of the earlier system.
func (c *Client) introduction() json.RawMessage {
	if c.description.offered.Load() && c.introduced.CompareAndSwap(false, true) {
		return ownClaims()
	}
	return nil
}

// introduce keeps the claims of the client. Later claims are ignored.
func (c *Conn) introduce(text json.RawMessage) {
	var claims Claims
	if len(text) > maxClaims || json.Unmarshal(text, &claims) != nil || claims == (Claims{}) {
		return
	}
	for _, claim := range []*string{&claims.Name, &claims.Account, &claims.Host} {
		*claim = cutRunes(*claim, maxClaim)
	}
	c.server.mu.Lock()
	defer c.server.mu.Unlock()
	if c.claims == nil {
		c.claims = &claims
	}
}

// cutRunes returns the beginning of a valid UTF-8 text, with at most so many characters.
func cutRunes(text string, most int) string {
	for i := range text {
		if most == 0 {
			return text[:i]
		}
		most--
	}
	return text
}

// claimants are the clients that have sent claims.
func (l *clients) claimants() []Claimant {
	list := []Claimant{}
	for _, c := range l.list() {
		l.mu.Lock()
		claims := c.claims
		l.mu.Unlock()
		if claims != nil {
			address := c.Address()
			list = append(list, Claimant{[2]any{address.Host, address.Port}, *claims})
		}
	}
	return list
}
