package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"avescript/lualib"
)

func newStubs() *cobra.Command {
	return &cobra.Command{
		Use:   "stubs DIR",
		Short: "Write the descriptions of all functions for editors",
		Long: `Writes the descriptions of the ave modules to DIR, as LuaCATS annotations. A Lua
language server that has DIR in its workspace library completes names, shows
what they are for, and checks their use.`,
		Example: `  avescript stubs ~/.local/share/avescript/stubs`,
		Args:    cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			if err := lualib.WriteStubs(args[0]); err != nil {
				return &usageError{err: fmt.Errorf("cannot write the stubs: %w", err)}
			}
			return nil
		},
	}
}
