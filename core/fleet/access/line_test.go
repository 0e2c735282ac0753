package access

import (
	"regexp"
	"strings"
	"testing"

	"avescript/core/fleet/wire"
)

func TestLine(t *testing.T) {
	pin, secret := strings.Repeat("0a", 32), "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	for text, want := range map[string]string{
		"tls://hub:4222#" + pin + "." + secret:          "tls://hub:4222",
		"  tls://hub:4222#" + pin + "." + secret + "\n": "tls://hub:4222",
		"tls://hub#" + pin + "." + secret:               "tls://hub:4222",
		"tls://[::1]:99#" + pin + "." + secret:          "tls://[::1]:99",
		"tls://hub:4222#" + pin:                         "",
		"tls://hub:4222#." + secret:                     "",
		"tls://hub:4222#" + pin + ".abc":                "",
		"tls://user@hub:4222#" + pin + "." + secret:     "",
		"nats://hub:4222#" + pin + "." + secret:         "",
		"tls://#" + pin + "." + secret:                  "",
		"":                                              "",
	} {
		line, err := ParseLine(text)
		if line.URL != want || (err == nil) != (want != "") {
			t.Errorf("%q: got %q, %v", text, line.URL, err)
		}
	}
}

// plain are characters that no shell changes within a word.
var plain = regexp.MustCompile(`^[A-Za-z0-9:/.#\[\]_%-]+$`)

func FuzzLine(f *testing.F) {
	f.Add("tls://hub:4222#" + strings.Repeat("0a", 32) + ".ABCDEFGHIJKLMNOPQRSTUVWXYZ")
	f.Add("tls://[::1]:4222#" + strings.Repeat("0a", 32) + ".ABCDEFGHIJKLMNOPQRSTUVWXYZ")
	f.Fuzz(func(t *testing.T, text string) {
		line, err := ParseLine(text)
		if err != nil {
			return
		}
		again, err := ParseLine(line.String())
		if err != nil || again != line {
			t.Errorf("%q became %+v, and then %+v, %v", text, line, again, err)
		}
	})
}

func TestInvitationsAreOneWord(t *testing.T) {
	l := newLab(t)
	if line := l.invited(wire.Invite{Role: wire.User}).String(); !plain.MatchString(line) {
		t.Errorf("%q is not one plain word", line)
	}
}
