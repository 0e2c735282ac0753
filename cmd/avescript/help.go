package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

func newHelp() *cobra.Command {
	return &cobra.Command{
		Use:   "help [COMMAND]",
		Short: "Show how avescript or one of its commands is used",
		RunE: func(c *cobra.Command, args []string) error {
			root := c.Root()
			command, rest, err := root.Find(args)
			if err == nil && len(rest) == 0 {
				command.InitDefaultHelpFlag() // as --help has done by then
				command.InitDefaultVersionFlag()
				return command.Help()
			}
			mistake := &usageError{err: fmt.Errorf("there is no command %q", strings.Join(args, " "))}
			if similar := root.SuggestionsFor(args[0]); len(similar) > 0 {
				mistake.hint = didYouMean(similar)
			}
			return mistake
		},
	}
}

func didYouMean(similar []string) string {
	return fmt.Sprintf("Did you mean '%s'?", strings.Join(similar, "' or '"))
}
