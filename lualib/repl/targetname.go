package repl

import (
	"net"
	"net/netip"
	"strconv"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"avescript/core/printable"
	"avescript/lualib/modules/service"
)

// The states of a target as the prompt shows them, each with a short form for narrow
// terminals. A target that is connected and has answered all calls shows no state.
type state struct{ long, short string }

var (
	isUp   state
	isBusy = state{" (busy)", " (busy)"} // calls that nobody waits for are not answered yet
	isAway = state{" (not connected)", " (off)"}
)

func (t *target) state() state {
	connected, _ := t.client.Connections()
	switch {
	case !connected:
		return isAway
	case t.client.Unanswered() > 0:
		return isBusy
	}
	return isUp
}

// name is "broker@lab-3:4000", with its state. To fit into width,
// the state is shortened first, then the host and then the name; the port stays.
func (t *target) name(width int, is state) string {
	address := t.client.Address()
	host, port := address.Host, strconv.Itoa(address.Port)
	if host == "" {
		host = "localhost"
	}
	return fitName(strings.ToLower(service.Name(t.remote)), printable.Line(host), port, is, width)
}

func fitName(name, host, port string, is state, width int) string {
	state := is.long
	if name != "" {
		name += "@"
	}
	whole := func() string { return name + net.JoinHostPort(host, port) + state }
	excess := func() int { return ansi.StringWidth(whole()) - width }
	if excess() > 0 {
		state = is.short
	}
	if _, err := netip.ParseAddr(host); excess() > 0 && err != nil {
		host, _, _ = strings.Cut(host, ".")
	}
	if n := excess(); n > 0 {
		host = shorten(host, n)
	}
	if n := excess(); n > 0 && name != "" {
		name = shorten(strings.TrimSuffix(name, "@"), n) + "@"
	}
	return whole()
}

// shorten takes n columns away, but leaves some of a text.
func shorten(text string, n int) string {
	const least = 4
	return ansi.Truncate(text, max(least, ansi.StringWidth(text)-n), "…")
}
