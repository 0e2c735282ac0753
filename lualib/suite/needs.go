package suite

import (
	"encoding/json"
	"os"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"avescript/core/fleet/wire"
	"avescript/lualib/bind"
)

// TagsVariable has further tags of this host, separated by commas, for tests that do not
// run in a fleet. In a fleet, a host gets its tags when it joins.
const TagsVariable = "AVE_TAGS"

// fleet returns the equipment that a fleet has given to this job, as wire.Leases; nil if
// the tests do not run in a fleet.
func fleet(c *bind.Call) error {
	given := of(c.L).opts.Fleet
	if given == nil {
		return nil
	}
	text, err := json.Marshal(given)
	if err != nil {
		return err
	}
	return returnJSON(c, text)
}

// tags returns the tags of this host, sorted.
func tags(c *bind.Call) error {
	name, err := os.Hostname()
	if err != nil {
		return err
	}
	given := strings.FieldsFunc(os.Getenv(TagsVariable), func(r rune) bool { return r == ',' || r == ' ' })
	return c.Return(wire.MachineTags(name, given...))
}

// forgive makes what exists now count as known: what a block has leased was made while an
// inner block ran.
func forgive(c *bind.Call) error {
	if s := of(c.L); s.remains.watcher != nil {
		s.remains.forgive()
	}
	return nil
}

// needsOf reads what a listed test needs, which is JSON.
func needsOf(element *lua.LTable) json.RawMessage {
	if text, ok := element.RawGetString("needs").(lua.LString); ok {
		return json.RawMessage(text)
	}
	return nil
}
