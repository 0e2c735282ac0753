package main

import (
	"errors"
	"io"

	"github.com/spf13/cobra"

	"avescript/lualib/check"
	"avescript/lualib/script"
)

// checkFlags are the flags of the command check.
type checkFlags struct {
	json, github bool
}

func newCheck() *cobra.Command {
	flags := &checkFlags{}
	c := &cobra.Command{
		Use:   "check PATHS...",
		Short: "Find mistakes in Lua files without running them",
		Long: `Finds mistakes in Lua files without running them: syntax errors; globals, fields
and options that do not exist; wrong numbers of arguments; unused local variables.
Only what is certainly a mistake is reported. For a directory, all Lua files in it
are checked. To ignore a line, add the comment: -- luacheck: ignore

The exit status is 1 if there are findings.`,
		Example: `  avescript check main.lua tests/
  avescript check --github .`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error { return flags.run(c.OutOrStdout(), args) },
	}
	c.Flags().BoolVar(&flags.json, "json", false, "write each finding as one line of JSON")
	c.Flags().BoolVar(&flags.github, "github", false, "write findings as GitHub Actions annotations")
	return c
}

func (f *checkFlags) run(out io.Writer, paths []string) error {
	if f.json && f.github {
		return &usageError{err: errors.New("--json and --github cannot be used together: remove one")}
	}
	findings, err := check.Files(paths)
	if err != nil {
		return &usageError{err: err}
	}
	write := check.WriteText
	switch {
	case f.json:
		write = check.WriteJSON
	case f.github:
		write = check.WriteGitHub
	}
	if err := write(out, findings); err != nil {
		return failed(err)
	}
	if len(findings) > 0 {
		return script.ErrFailed
	}
	return nil
}
