package plan_test

import "testing"

// FuzzTags evaluates random expressions: an invalid one is never true, and valid ones
// can be combined with others according to the rules of logic.
func FuzzTags(f *testing.F) {
	for _, seed := range [][2]string{
		{"slow", "net"}, {"not slow or net", "(slow and #net)"}, {"slow and", "()"}, {"not not not x", "((slow)"}, {"a,b", ")("}, {"and", "or not"}, {"", " "},
	} {
		f.Add(seed[0], seed[1])
	}
	tags := []string{"slow", "net", "with-dash"}
	f.Fuzz(func(t *testing.T, one, other string) {
		holds, alsoHolds := tagged(one, tags), tagged(other, tags)
		err, otherErr := checkTags(one), checkTags(other)
		if err != nil && holds || otherErr != nil && alsoHolds {
			t.Errorf("%q or %q is wrong and holds", one, other)
		}
		if err != nil || otherErr != nil {
			return
		}
		for expression, want := range map[string]bool{
			"(" + one + ")":                       holds,
			"not(" + one + ")":                    !holds,
			"(" + one + ")and(" + other + ")":     holds && alsoHolds,
			"(" + one + ")or(" + other + ")":      holds || alsoHolds,
			one + " or " + other:                  holds || alsoHolds, // or binds least
			"not (" + one + " or " + other + ")":  !holds && !alsoHolds,
			"(" + one + ") and not (" + one + ")": false,
		} {
			if err := checkTags(expression); err != nil {
				t.Errorf("%v", err)
			} else if got := tagged(expression, tags); got != want {
				t.Errorf("%q: got %v, want %v", expression, got, want)
			}
		}
	})
}
