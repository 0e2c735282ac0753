package suite

import (
	lua "github.com/yuin/gopher-lua"

	"avescript/core/harness"
	"avescript/lualib/bind"
)

// Choice says which tests run: those that every list that isn't empty agrees
// to. The tests' names are full names, after those of the blocks around them.
type Choice struct {
	Filters     []string // a test has one of these in its name, which may be Lua patterns
	FilterOut   []string // a test, or a block with all its tests, has none of these in it
	Tags        []string // of a test, one of these holds: see [Tagged]
	ExcludeTags []string // and, like the blocks around it, none of these
}

// choice is the choice of the run, and what else the command line says of the
// order and the deadlines of tests.
func choice(c *bind.Call) error {
	opts := of(c.L).opts
	said := c.L.NewTable()
	for name, list := range map[string][]string{
		"filters":      opts.Choice.Filters,
		"filter_out":   opts.Choice.FilterOut,
		"tags":         opts.Choice.Tags,
		"exclude_tags": opts.Choice.ExcludeTags,
		"quarantine":   opts.Quarantine,
	} {
		said.RawSetString(name, bind.Value(c.L, list))
	}
	said.RawSetString("lines", opts.job.lineList(c.L))
	said.RawSetString("some", lua.LBool(!opts.job.isAll()))
	said.RawSetString("timeout", lua.LNumber(opts.Timeout))
	said.RawSetString("hook_timeout", lua.LNumber(opts.HookTimeout))
	if opts.Seed != 0 {
		said.RawSetString("seed", lua.LNumber(opts.Seed))
	}
	return c.Return(said)
}

// diedIn tells whether another worker has died in a block.
func diedIn(c *bind.Call) error {
	var block *lua.LTable
	if err := c.Args(&block); err != nil {
		return err
	}
	return c.Return(of(c.L).opts.job.diedIn(keyOf(block)))
}

func keyOf(element *lua.LTable) string {
	return harness.Event{Path: texts(element.RawGetString("path")), Line: int(lua.LVAsNumber(element.RawGetString("line")))}.Key()
}

// skips tells whether this worker leaves a test out.
func skips(c *bind.Call) error {
	var test *lua.LTable
	if err := c.Args(&test); err != nil {
		return err
	}
	return c.Return(of(c.L).opts.job.skips(keyOf(test)))
}

// tagged tells whether a test has the tags that were chosen.
func tagged(c *bind.Call) error {
	var test *lua.LTable
	if err := c.Args(&test); err != nil {
		return err
	}
	tags := texts(c.L.GetField(test, "tags"))
	for _, wanted := range of(c.L).opts.Choice.Tags {
		if Tagged(wanted, tags) {
			return c.Return(true)
		}
	}
	return c.Return(false)
}
