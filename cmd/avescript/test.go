package main

import (
	"os"

	"github.com/spf13/cobra"

	"avescript/lualib"
	"avescript/lualib/script"
	"avescript/lualib/suite"
	"avescript/lualib/vm"
)

func newTest() *cobra.Command {
	var filter string
	c := &cobra.Command{
		Use:   "test [PATHS...]",
		Short: "Run test files, and those in directories",
		Long: `Runs test files, each in a Lua state of its own. In a directory, and all below
it, these are test_*.lua, *_test.lua and *_spec.lua. Without PATHS it is the
directory that you are in.`,
		Example: `  avescript test
  avescript test tests/ more/test_rack.lua
  avescript test tests/ --filter 'broker leases'`,
	}
	c.Flags().StringVar(&filter, "filter", "", "run only tests with `TEXT` in their full name; it may be a Lua pattern")
	c.RunE = func(c *cobra.Command, args []string) error {
		if len(args) == 0 {
			args = []string{"."}
		}
		files, err := script.FindTests(args)
		if err != nil {
			return err
		}
		stdin := script.OpenStdin()
		ctx, stop := untilSignal(c.Context(), stdin)
		defer stop()
		passed, err := suite.Main(ctx, files, os.Stdout, suite.Options{
			Color:  script.HasColor(os.Stdout),
			Filter: filter,
			New:    func() *vm.VM { return lualib.New(vm.Stdio{In: stdin}) },
		})
		if err == nil && !passed {
			err = script.ErrTestsFailed
		}
		return err
	}
	return c
}
