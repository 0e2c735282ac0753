package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"avescript/core/completion"
)

func newHelp() *cobra.Command {
	return &cobra.Command{
		Use:   "help [COMMAND]",
		Short: "Show help for a command",
		ValidArgsFunction: func(c *cobra.Command, args []string, prefix string) (names []string, _ cobra.ShellCompDirective) {
			for _, command := range c.Root().Commands() {
				if len(args) == 0 && command.IsAvailableCommand() && strings.HasPrefix(command.Name(), prefix) {
					names = append(names, completion.Candidate(command.Name(), command.Short))
				}
			}
			return names, cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(c *cobra.Command, args []string) error {
			command, rest, err := c.Root().Find(args)
			if err != nil || len(rest) > 0 {
				return fmt.Errorf("there is no command %q", strings.Join(args, " "))
			}
			command.InitDefaultHelpFlag() // for --help, cobra has done this by now
			command.InitDefaultVersionFlag()
			return command.Help()
		},
	}
}
