package manual

import (
	"fmt"
	"strings"
)

// Index lists the modules for a terminal, with their purpose.
func Index(width int, color bool) string {
	modules, column := Modules(), 0
	for _, e := range modules {
		column = max(column, len(e.Name)+2)
	}
	if width < 2*column {
		return List(modules, width, color)
	}
	t := &text{width: width, color: color}
	for _, e := range modules {
		name := t.styled(bold, e.Name) + strings.Repeat(" ", column-len(e.Name))
		t.wrapped(name, strings.Repeat(" ", column), e.Summary())
	}
	return t.String()
}

// List lists entries for a terminal: how to call each, and its purpose.
func List(entries []Entry, width int, color bool) string {
	t := &text{width: width, color: color}
	for _, e := range entries {
		t.listed(e)
	}
	return t.String()
}

// Missing returns the error for a name that [Find] does not find, with suggestions.
func Missing(name string) error {
	suggestions := strings.Join(Suggest(name), ", ")
	switch {
	case len(Named(name)) > 1:
		return fmt.Errorf("%q is ambiguous: use one of %s", name, suggestions)
	case suggestions != "":
		return fmt.Errorf("the manual has no %q; did you mean %s?", name, suggestions)
	}
	return fmt.Errorf("the manual has no %q", name)
}
