package plan_test

import (
	"strings"
	"testing"

	"avescript/core/harness/plan"
)

func checkTags(expression string) error { return plan.Choice{Tags: []string{expression}}.Check() }

func tagged(expression string, tags []string) bool {
	return plan.Choice{Tags: []string{expression}}.HasTags(tags)
}

func TestTagged(t *testing.T) {
	tags := []string{"slow", "net", "with-dash"}
	for expression, want := range map[string]bool{
		"slow":                            true,
		"#slow":                           true,
		"other":                           false,
		"Slow":                            false,
		"with-dash":                       true,
		"not other":                       true,
		"not not slow":                    true,
		"not slow":                        false,
		"slow and net":                    true,
		"slow and other":                  false,
		"other or net":                    true,
		"other or another":                false,
		"slow or other and another":       true, // and binds closer than or
		"(slow or other) and another":     false,
		"not other and slow":              true, // and not closest
		"not (other and slow)":            true,
		"not slow or net":                 true,
		"not (slow or net)":               false,
		"(slow)and(net)":                  true,
		" ( ( slow ) ) ":                  true,
		"\tslow\n and\tnet":               true,
		"other and slow or net":           true,
		"slow and (other or net and net)": true,
	} {
		if err := checkTags(expression); err != nil {
			t.Errorf("%q: %v", expression, err)
		}
		if got := tagged(expression, tags); got != want {
			t.Errorf("%q: wanted %v, got %v", expression, want, got)
		}
	}
}

func TestWrongTags(t *testing.T) {
	for expression, want := range map[string]string{
		"":               "wanted a tag, got the end",
		"slow and":       "wanted a tag, got the end",
		"and slow":       `wanted a tag, got "and"`,
		"slow net":       `wanted "and", "or" or the end, got "net"`,
		"(slow":          "wanted ), got the end",
		"slow)":          `wanted "and", "or" or the end, got ")"`,
		"()":             `wanted a tag, got ")"`,
		"not":            "wanted a tag, got the end",
		"slow or or net": `wanted a tag, got "or"`,
	} {
		err := checkTags(expression)
		if err == nil || !strings.HasSuffix(err.Error(), ": "+want) {
			t.Errorf("%q: wanted %s, got %v", expression, want, err)
		}
		if tagged(expression, []string{"slow", "net"}) {
			t.Errorf("%q holds", expression)
		}
	}
}
