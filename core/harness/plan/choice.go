package plan

import "slices"

// Choice says which tests run: those that match all lists that are not empty. Tests are
// matched by their full names, which begin with the names of the blocks around them.
type Choice struct {
	Filters     []string // a test has one of these in its name; the worker may treat them as patterns
	FilterOut   []string // no test or block has any of these in its name
	Tags        []string // one of these expressions is true for the tags of a test
	ExcludeTags []string // none of these is
}

// IsAll reports whether all tests are chosen.
func (c Choice) IsAll() bool {
	return len(c.Filters)+len(c.FilterOut)+len(c.Tags)+len(c.ExcludeTags) == 0
}

// Check reports errors in the tag expressions.
func (c Choice) Check() error {
	for _, expression := range slices.Concat(c.Tags, c.ExcludeTags) {
		if _, err := evaluate(expression, nil); err != nil {
			return err
		}
	}
	return nil
}

// HasTags reports whether a test has the chosen tags, if there are any.
func (c Choice) HasTags(tags []string) bool { return len(c.Tags) == 0 || anyHolds(c.Tags, tags) }

// ExcludesTest reports whether a test is left out because of its tags.
func (c Choice) ExcludesTest(tags []string) bool { return anyHolds(c.ExcludeTags, tags) }

// ExcludesBlock reports whether a block is left out, with everything in it, because of
// its tags.
func (c Choice) ExcludesBlock(tags []string) bool {
	return anyHolds(slices.DeleteFunc(slices.Clone(c.ExcludeTags), hasNot), tags)
}
