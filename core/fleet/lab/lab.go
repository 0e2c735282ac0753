// Package lab is what people do with a fleet: start a hub, join it, look at it, and operate
// it. The command avelab calls it.
//
// Each account has a file for each role that it has in a lab, see link.Find. Whoever starts
// a hub gets the files of an administrator and of a user, so the commands work on the hub's
// host at once.
package lab

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/user"
	"strings"
	"time"

	"avescript/core/fleet/link"
	"avescript/core/fleet/wire"
)

// answerTime is how long people wait for an answer of a hub.
const answerTime = 15 * time.Second

// Connect connects with the hub in the first of these roles that this account has.
func Connect(ctx context.Context, roles ...string) (*link.Link, error) {
	config, err := Find(roles...)
	if err != nil {
		return nil, err
	}
	return link.Dial(ctx, config)
}

// Find finds the configuration of the first of these roles that this account has. The hub's
// own directory is looked at, too, for an administrator of its host.
func Find(roles ...string) (link.Config, error) {
	var first error
	for _, role := range roles {
		config, err := link.Find(role)
		if errors.Is(err, os.ErrNotExist) {
			first = cmp.Or(first, err)
			continue
		}
		if err != nil {
			return config, err
		}
		if !isAmong(config.Role, roles) { // the file was named by the user
			return config, fmt.Errorf("the file in %s is that of a %s: wanted that of %s", link.EnvFile, config.Role, strings.Join(roles, " or "))
		}
		return config, nil
	}
	return link.Config{}, first
}

func isAmong(word string, words []string) bool {
	for _, w := range words {
		if w == word {
			return true
		}
	}
	return false
}

// Ask connects in the first of these roles, sends a request, and ends the connection.
func Ask(ctx context.Context, roles []string, verb string, body any) (wire.Answer, link.Config, error) {
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	l, err := Connect(ctx, roles...)
	if err != nil {
		return wire.Answer{}, link.Config{}, err
	}
	defer l.Close()
	answer, err := l.Request(ctx, verb, body)
	return answer, l.Config, err
}

// The roles that may do something, in the order in which they are tried.
var (
	Looking    = []string{wire.User, wire.Admin, wire.Viewer, wire.Worker}
	Reading    = []string{wire.User, wire.Admin, wire.Viewer}
	Submitting = []string{wire.User, wire.Admin}
	Deciding   = []string{wire.Admin, wire.User} // cancel: an administrator may cancel the runs of all
	Operating  = []string{wire.Admin}
)

// nameOf makes a name that subjects can have from another one.
func nameOf(text, otherwise string) string {
	text = strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '_' {
			return r
		}
		return '-'
	}, text)
	text = strings.Trim(text, "-_")
	if len(text) > 63 {
		text = text[:63]
	}
	return cmp.Or(text, otherwise)
}

// HostName is the name of this host in a lab, unless another one is chosen.
func HostName() string {
	host, _ := os.Hostname()
	host, _, _ = strings.Cut(host, ".")
	return nameOf(host, "host")
}

// AccountName is the name of this account in a lab, unless another one is chosen.
func AccountName() string {
	if u, err := user.Current(); err == nil {
		return nameOf(u.Username, "user")
	}
	return nameOf(os.Getenv("USER"), "user")
}
