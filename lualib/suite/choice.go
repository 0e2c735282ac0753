package suite

import "avescript/lualib/bind"

// Choice says which tests run: those that every list that isn't empty agrees
// to. The tests' names are full names, after those of the blocks around them.
type Choice struct {
	Filters     []string // a test has one of these in its name, which may be Lua patterns
	FilterOut   []string // a test, or a block with all its tests, has none of these in it
	Tags        []string // a test has one of these
	ExcludeTags []string // and, like the blocks around it, none of these
}

// choice is the choice of the run.
func choice(c *bind.Call) error {
	chosen := of(c.L).opts.Choice
	lists := c.L.NewTable()
	for name, list := range map[string][]string{
		"filters":      chosen.Filters,
		"filter_out":   chosen.FilterOut,
		"tags":         chosen.Tags,
		"exclude_tags": chosen.ExcludeTags,
	} {
		lists.RawSetString(name, bind.Value(c.L, list))
	}
	return c.Return(lists)
}
