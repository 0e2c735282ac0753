package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"avescript/core/bundle"
	"avescript/core/printable"
	"avescript/lualib/bundler"
	"avescript/lualib/script"
)

// bundleFlags are those of the command bundle.
type bundleFlags struct {
	output string
	force  bool
	bundler.Options
}

func newBundle() *cobra.Command {
	flags := &bundleFlags{}
	c := &cobra.Command{
		Use:   "bundle FILE.lua -o PROGRAM",
		Short: "Make one program from a script and everything it needs",
		Long: `Makes one program that contains avescript, the script and all modules that it requires,
directly or through other modules. The program needs no other file. All arguments on its
command line go to the script. Modules are found as when the script is run in this
directory. If the name of a module is computed, add the module with --module. The script
reads the files of --file with ave.bundle.read(PATH).`,
		Example: `  avescript bundle main.lua -o tool
  avescript bundle main.lua -o tool --module drivers.relay --file pages/`,
		ValidArgsFunction: completeScript,
		RunE:              func(c *cobra.Command, args []string) error { return flags.run(c, args) },
	}
	f := c.Flags()
	f.StringVarP(&flags.output, "output", "o", "", "write the program to `PROGRAM`")
	f.StringArrayVar(&flags.Modules, "module", nil, "add the module `NAME`, as require takes it")
	f.StringArrayVar(&flags.Without, "without", nil, "leave out the module `NAME`, although it is required; the program looks for it when it runs")
	f.StringArrayVar(&flags.Files, "file", nil, "add the file `PATH`, or all files in a directory")
	f.BoolVar(&flags.force, "force", false, "replace an existing file even if it was not made by bundle")
	return c
}

func (f *bundleFlags) run(c *cobra.Command, args []string) error {
	switch {
	case len(args) != 1:
		return fmt.Errorf("wanted one script, got %d%s", len(args), quotedList(args))
	case f.output == "":
		return errors.New("wanted the name of the program: -o PROGRAM")
	}
	f.Script = args[0]
	contents, remarks, err := bundler.Collect(f.Options)
	if err != nil {
		return failed(errors.New(printable.Lines(err.Error(), printable.Indent)))
	}
	for _, remark := range remarks {
		fmt.Fprintln(os.Stderr, "avescript: "+printable.Line(remark))
	}
	ctx, stop := untilSignal(c.Context(), os.Stdin)
	defer stop()
	err = bundle.Make(ctx, f.output, contents, f.force)
	if err != nil && ctx.Err() == nil {
		return failed(errors.New(printable.Line(err.Error())))
	}
	return context.Cause(ctx)
}

// runBundle runs the script in this program and returns the exit status.
func runBundle(b *bundle.Bundle) int {
	name, text, err := b.Script()
	if err != nil {
		return damaged(err)
	}
	p := newProgram()
	err = p.run(context.Background(), script.Bundled(name, os.Args[0], text), os.Args[1:], false)
	status, _ := statusOf(err, os.Stderr)
	return status
}

func damaged(err error) int {
	fmt.Fprintf(os.Stderr, "%s: %s\n", printable.Line(os.Args[0]), printable.Line(err.Error()))
	return statusFailed
}
