package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// helpWidth is the width of the narrowest terminal that people use.
const helpWidth = 80

// flagGroup is a group of flags in the help of a command.
type flagGroup struct {
	title string
	add   func(*pflag.FlagSet)
}

// groupFlags adds flags to a command, and shows them in groups in its help.
func groupFlags(c *cobra.Command, groups []flagGroup) {
	var usages strings.Builder
	for _, g := range groups {
		set := pflag.NewFlagSet(g.title, pflag.ContinueOnError)
		set.SortFlags = false
		g.add(set)
		c.Flags().AddFlagSet(set)
		fmt.Fprintf(&usages, "\n%s:\n%s", g.title, flagUsages(set))
	}
	c.SetHelpFunc(func(c *cobra.Command, _ []string) {
		fmt.Fprintf(c.OutOrStdout(), "%s\n\nUsage:\n  %s\n\nExamples:\n%s\n%s", c.Long, c.UseLine(), c.Example, &usages)
	})
}

// flagUsages lists the flags, in lines that fit a terminal.
func flagUsages(set *pflag.FlagSet) string {
	const column = 26 // where the descriptions begin
	var b strings.Builder
	set.VisitAll(func(f *pflag.Flag) {
		if f.Hidden {
			return
		}
		name, text := flagUsage(f)
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

// flagUsage returns how a flag is written, and what it does.
func flagUsage(f *pflag.Flag) (name, text string) {
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
