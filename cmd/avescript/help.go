package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

func newHelp() *cobra.Command {
	return &cobra.Command{
		Use:   "help [COMMAND]",
		Short: "Show help for avescript or for one of its commands",

		ValidArgsFunction: completeCommand,
		RunE: func(c *cobra.Command, args []string) error {
			root := c.Root()
			command, rest, err := root.Find(args)
			if err == nil && len(rest) == 0 {
				command.InitDefaultHelpFlag() // for --help, cobra has done this by now
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
