package main

import (
	"avescript/core/flags"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

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
		fmt.Fprintf(&usages, "\n%s:\n%s", g.title, flags.Usages(set))
	}
	c.SetHelpFunc(func(c *cobra.Command, _ []string) {
		fmt.Fprintf(c.OutOrStdout(), "%s\n\nUsage:\n  %s\n\nExamples:\n%s\n%s", c.Long, c.UseLine(), c.Example, &usages)
	})
}

// flagError gives errors of pflag the same form as those of commands.
func flagError(_ *cobra.Command, err error) error { return flags.Error(err) }
