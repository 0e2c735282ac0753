package access

import (
	"context"
	"fmt"
	"net"
	"net/url"
	"regexp"
	"strings"

	"github.com/nats-io/nkeys"

	"avescript/core/fleet/link"
	"avescript/core/fleet/wire"
)

// DefaultPort is that of a hub.
const DefaultPort = "4222"

// Line is what a newcomer needs to join a lab. As text it is one word, which no shell
// changes: "tls://HUB:4222#FINGERPRINT.SECRET".
type Line struct {
	URL    string // of the hub
	Pin    string // the fingerprint of its certificate
	Secret string // of the invitation
}

func (l Line) String() string { return l.URL + "#" + l.Pin + "." + l.Secret }

var (
	pinForm    = regexp.MustCompile(`^[0-9a-fA-F]{64}$`)
	secretForm = regexp.MustCompile(`^[A-Z2-7]{26,}$`)
)

// ParseLine reads a join line.
func ParseLine(text string) (Line, error) {
	address, rest, _ := strings.Cut(strings.TrimSpace(text), "#")
	pin, secret, _ := strings.Cut(rest, ".")
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "tls" || u.Hostname() == "" || u.User != nil || u.Path != "" || !pinForm.MatchString(pin) || !secretForm.MatchString(secret) {
		return Line{}, fmt.Errorf("wanted a line such as tls://HUB:4222#FINGERPRINT.SECRET, as 'avescript lab invite' prints it: this one is damaged or incomplete")
	}
	if u.Port() == "" {
		u.Host = net.JoinHostPort(u.Hostname(), DefaultPort)
	}
	return Line{u.String(), pin, secret}, nil
}

// Enroll joins the lab of a line. The newcomer says how it wants to be called, unless the
// invitation has a name; its key is made here. It returns who the newcomer is from now on.
func Enroll(ctx context.Context, line Line, join wire.Join) (link.Config, error) {
	pair, err := nkeys.CreateUser()
	if err != nil {
		return link.Config{}, err
	}
	return enroll(ctx, line, join, pair)
}

func enroll(ctx context.Context, line Line, join wire.Join, pair nkeys.KeyPair) (link.Config, error) {
	public, err := pair.PublicKey()
	if err != nil {
		return link.Config{}, err
	}
	seed, err := pair.Seed()
	if err != nil {
		return link.Config{}, err
	}
	guest := link.Config{URL: line.URL, Pin: line.Pin, Role: wire.Guest, Name: hashed(line.Secret)[:idLength], Secret: line.Secret}
	l, err := link.Dial(ctx, guest)
	if err != nil {
		return link.Config{}, err
	}
	defer l.Close()
	join.Key = public
	answer, err := l.Request(ctx, wire.VerbJoin, join)
	if err != nil {
		return link.Config{}, fmt.Errorf("join the lab at %s: %w", line.URL, err)
	}
	return link.Config{URL: line.URL, Pin: line.Pin, Role: answer.Role, Name: answer.Name, Seed: string(seed), Others: l.Hubs()}, nil
}
