// Package flags has values and help texts of flags that the commands of this project share.
package flags

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/pflag"
)

// helpWidth is the width of the narrowest terminal that people use.
const helpWidth = 80

// Usages lists the flags of a set, in lines that fit a terminal.
func Usages(set *pflag.FlagSet) string {
	const column = 26 // where the descriptions begin
	var b strings.Builder
	set.VisitAll(func(f *pflag.Flag) {
		if f.Hidden {
			return
		}
		name, text := usage(f)
		lines := wrap(text, helpWidth-column)
		if len(name) > column-2 {
			lines = slices.Insert(lines, 0, "")
		}
		for _, line := range lines {
			fmt.Fprintln(&b, strings.TrimRight(fmt.Sprintf("%-*s%s", column, name, line), " "))
			name = ""
		}
	})
	return b.String()
}

// usage returns how a flag is written, and what it does.
func usage(f *pflag.Flag) (name, text string) {
	value, text := pflag.UnquoteUsage(f)
	name = "      --" + f.Name
	if f.Shorthand != "" {
		name = "  -" + f.Shorthand + ", --" + f.Name
	}
	switch {
	case f.NoOptDefVal != "" && value != "":
		name += "[=" + value + "]"
	case value != "":
		name += " " + value
	}
	if !slices.Contains([]string{"", "0", "false", "[]"}, f.DefValue) {
		text += " (default " + f.DefValue + ")"
	}
	return name, text
}

// wrap breaks a text into lines of at most width characters.
func wrap(text string, width int) []string {
	var lines []string
	line := ""
	for word := range strings.FieldsSeq(text) {
		if line != "" && len(line)+1+len(word) > width {
			lines, line = append(lines, line), ""
		}
		if line != "" {
			line += " "
		}
		line += word
	}
	return append(lines, line)
}
