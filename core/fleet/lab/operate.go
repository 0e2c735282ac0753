package lab

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"

	"avescript/core/fleet/access"
	"avescript/core/fleet/link"
	"avescript/core/fleet/page"
	"avescript/core/fleet/wire"
)

// Invite asks for an invitation, and returns the join line.
func Invite(ctx context.Context, invite wire.Invite) (string, error) {
	answer, config, err := Ask(ctx, Operating, wire.VerbInvite, invite)
	if err != nil {
		return "", err
	}
	return access.Line{URL: cmp.Or(config.Public, config.URL), Pin: config.Pin, Secret: answer.Invited}.String(), nil
}

// Operate sends a request that has no answer but that it was done.
func Operate(ctx context.Context, verb string, body any) error {
	_, _, err := Ask(ctx, Operating, verb, body)
	var refusal *link.Refusal
	if errors.As(err, &refusal) && refusal.Repeated && refusal.Code == wire.CodeUnknown {
		return fmt.Errorf("%w; the hub was away at the first try, which may have done this already", err)
	}
	return err
}

// CoresText is a limit for people.
func CoresText(cores int) string {
	if cores == 0 {
		return "all cores"
	}
	return "at most " + count(cores, "core")
}

// PageLink is a link that logs a browser in to the page of the lab. All hubs of a cluster
// have the page, so it is that of one that is there.
func PageLink() (string, error) {
	config, err := Find(wire.User, wire.Admin, wire.Viewer)
	if err != nil {
		return "", err
	}
	site := config.Page
	if site == "" {
		u, err := url.Parse(config.URL)
		if err != nil {
			return "", err
		}
		site = "https://" + net.JoinHostPort(u.Hostname(), strconv.Itoa(page.Port))
	}
	if config.Others != "" {
		site = reachable(site, config.Others)
	}
	if config.Seed == "" {
		return site, nil
	}
	ticket, err := access.Ticket(config)
	if err != nil {
		return "", err
	}
	return page.LoginURL(site, ticket), nil
}

// reachable is the page, or the page of the first of the other hubs that answers, which has
// the same port there.
func reachable(site, others string) string {
	u, err := url.Parse(site)
	if err != nil || connects(u.Host) == nil {
		return site
	}
	for other := range strings.SplitSeq(others, ",") {
		if o, err := url.Parse(other); err == nil {
			u.Host = net.JoinHostPort(o.Hostname(), u.Port())
			if connects(u.Host) == nil {
				return u.String()
			}
		}
	}
	return site
}
