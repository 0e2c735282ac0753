package main

import (
	"errors"

	"github.com/spf13/cobra"

	"avescript/lualib/script"
)

func newTest() *cobra.Command {
	return &cobra.Command{
		Use:   "test [PATHS...]",
		Short: "Run test files, and those in directories",
		Long: `Runs test files, each in a Lua state of its own. In a directory, and all below
it, these are test_*.lua, *_test.lua and *_spec.lua. Without PATHS it is the
directory that you are in.`,
		Example: `  avescript test
  avescript test tests/ more/test_rack.lua`,
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) == 0 {
				args = []string{"."}
			}
			files, err := script.FindTests(args)
			if err != nil {
				return &usageError{err: err}
			}
			failed := false
			for _, file := range files {
				err := newProgram().run(c.Context(), script.File(file), nil, false)
				var interrupted *script.Interrupted
				if errors.As(err, &interrupted) {
					return err
				}
				failed = failed || err != nil
			}
			if failed {
				return script.ErrTestsFailed
			}
			return nil
		},
	}
}
