// Package completion is for the completion of command lines in shells: it has a script for
// each shell, and finds the services of this host.
//
// The scripts need no other package. They ask the hidden command __complete, whose answer
// has a candidate on each line, its description behind a tab, and :DIRECTIVE on the last
// line, as cobra documents it. Where files are wanted, the shell itself completes them.
package completion

import (
	"embed"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strconv"
	"strings"

	"avescript/core/printable"
	"avescript/core/ps"
)

//go:embed scripts
var scripts embed.FS

// Shells are the shells for which there is a script.
var Shells = []string{"bash", "zsh", "fish"}

// Script is the script for one of [Shells], for a program that has __complete.
func Script(program, shell string) (string, error) {
	text, err := scripts.ReadFile("scripts/" + shell)
	if err != nil {
		return "", fmt.Errorf("wanted %s, got %q", strings.Join(Shells, ", "), shell)
	}
	return strings.ReplaceAll(string(text), "avescript", program), nil
}

// Candidate is a word with its description, as __complete has it.
func Candidate(word, description string) string { return word + "\t" + printable.Line(description) }

// Services are the addresses of services on this host that begin with prefix, which is a
// part of PORT or of HOST:PORT. None of them is asked: they are processes that listen and
// have the name of a service. Of another host nothing is known.
func Services(prefix string) (candidates []string) {
	listening, err := ps.Listening()
	if err != nil {
		return nil
	}
	host, hasHost := hostOf(prefix)
	for _, l := range listening {
		for _, address := range l.Addresses {
			word := strconv.Itoa(address.Port)
			switch {
			case hasHost && !isHere(host, address.Host):
				continue
			case hasHost:
				word = host + ":" + word
			case address.Host != "127.0.0.1": // which PORT alone means
				word = net.JoinHostPort(address.Host, word)
			}
			if strings.HasPrefix(word, prefix) {
				candidates = append(candidates, Candidate(word, l.String()))
			}
		}
	}
	return candidates
}

// Names are the names of services on this host that begin with prefix, and their pids.
func Names(prefix string) (candidates []string) {
	listening, err := ps.Listening()
	if err != nil {
		return nil
	}
	for _, l := range listening {
		for _, word := range []string{l.Name, strconv.Itoa(l.PID)} {
			if word != "" && strings.HasPrefix(word, prefix) && word == printable.Line(word) {
				candidates = append(candidates, Candidate(word, l.String()))
			}
		}
	}
	return candidates
}

// hostOf is the HOST in what may be the beginning of HOST:PORT, as it was typed.
func hostOf(prefix string) (host string, ok bool) {
	colon := strings.LastIndex(prefix, ":")
	if colon < 0 {
		return "", false
	}
	return prefix[:colon], true
}

// isHere reports whether a connection to host reaches a socket that listens at local, an
// address of this host.
func isHere(host, local string) bool {
	host = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	if host == local {
		return true
	}
	if name, err := os.Hostname(); err == nil && host == name {
		return true
	}
	address, err := netip.ParseAddr(host)
	if host == "" || host == "localhost" || err == nil && address.Is4() && address.IsLoopback() {
		return local == "127.0.0.1" || host == "localhost" && local == "::1"
	}
	return false
}
