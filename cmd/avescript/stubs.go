package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"avescript/lualib"
)

func newStubs() *cobra.Command {
	return &cobra.Command{
		Use:   "stubs DIR",
		Short: "Write descriptions of the ave modules for editors",
		Long: `Writes descriptions of all ave modules to DIR, as LuaCATS annotations. Add DIR to
the workspace library of a Lua language server: it then completes names, shows
their documentation and checks how they are used.`,
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
