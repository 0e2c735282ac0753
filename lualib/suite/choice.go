package suite

import (
	"slices"

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
	ExcludeTags []string // and none of these
}

// IsAll tells whether nothing is left out.
func (c Choice) IsAll() bool {
	return len(c.Filters)+len(c.FilterOut)+len(c.Tags)+len(c.ExcludeTags) == 0
}

// Check says what is wrong with the expressions about tags.
func (c Choice) Check() error {
	for _, expression := range slices.Concat(c.Tags, c.ExcludeTags) {
		if err := CheckTags(expression); err != nil {
			return err
		}
	}
	return nil
}

// choice is the choice of the run, and what else the command line says of the
// order and the deadlines of tests.
func choice(c *bind.Call) error {
	opts := of(c.L).opts
	said := c.L.NewTable()
	for name, list := range map[string][]string{
		"filters":    opts.Choice.Filters,
		"filter_out": opts.Choice.FilterOut,
		"quarantine": opts.Quarantine,
	} {
		said.RawSetString(name, bind.Value(c.L, list))
	}
	said.RawSetString("file", lua.LString(of(c.L).file))
	said.RawSetString("lines", opts.job.lineList(c.L))
	said.RawSetString("all", lua.LBool(opts.Choice.IsAll() && opts.job.isAll()))
	said.RawSetString("list", lua.LBool(opts.List))
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
	name := harness.Event{Path: texts(test.RawGetString("path"))}.FullName()
	return c.Return(of(c.L).opts.job.skips(keyOf(test), name))
}

// missing lists the tests that were asked for by their names and have not turned up.
func missing(c *bind.Call) error { return c.Return(of(c.L).opts.job.missing()) }

// tagged tells whether a test has the tags that were chosen, if there are any.
func tagged(c *bind.Call) error {
	var test *lua.LTable
	if err := c.Args(&test); err != nil {
		return err
	}
	wanted := of(c.L).opts.Choice.Tags
	return c.Return(len(wanted) == 0 || anyTagged(wanted, texts(c.L.GetField(test, "tags"))))
}

// tagged_out tells whether a test is left out for its tags, or a block with all
// that is in it.
func taggedOut(c *bind.Call) error {
	var element *lua.LTable
	if err := c.Args(&element); err != nil {
		return err
	}
	unwanted := of(c.L).opts.Choice.ExcludeTags
	if c.L.GetField(element, "children") != lua.LNil {
		unwanted = slices.DeleteFunc(slices.Clone(unwanted), hasNot)
	}
	return c.Return(anyTagged(unwanted, texts(c.L.GetField(element, "tags"))))
}
