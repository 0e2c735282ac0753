package main

import (
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"avescript/core/pager"
	"avescript/lualib/manual"
	"avescript/lualib/script"
)

// docFlags are the flags of the command doc.
type docFlags struct {
	search, html string
}

func newDoc() *cobra.Command {
	flags := &docFlags{}
	c := &cobra.Command{
		Use:   "doc [NAME]",
		Short: "Show the manual of a module, function or class",
		Long: `Shows the manual entry for NAME: a module, function, class or method. The last
part of a name is enough if only one name ends with it. Without NAME, all modules
are listed. On a terminal the text is shown with $PAGER, or with less if PAGER is
not set.`,
		Example: `  avescript doc cmd.run
  avescript doc Session:expect
  avescript doc --search timeout
  avescript doc --html manual/`,
		Args:              cobra.MaximumNArgs(1),
		ValidArgsFunction: completeNames,
		RunE:              func(c *cobra.Command, args []string) error { return flags.run(c.OutOrStdout(), args) },
	}
	c.Flags().StringVar(&flags.search, "search", "", "list all entries that contain the words of `TEXT`")
	c.Flags().StringVar(&flags.html, "html", "", "write the manual as HTML pages to the directory `DIR`")
	c.MarkFlagsMutuallyExclusive("search", "html")
	return c
}

func (f *docFlags) run(out io.Writer, args []string) error {
	switch {
	case len(args) > 0 && f.search+f.html != "":
		return &usageError{err: fmt.Errorf("NAME cannot be used together with --search or --html: remove one")}
	case f.html != "":
		if err := manual.WriteSite(f.html); err != nil {
			return failed(fmt.Errorf("cannot write the manual: %w", err))
		}
		return nil
	case f.search != "":
		found := manual.Search(f.search)
		if len(found) == 0 {
			return failed(fmt.Errorf("no entry of the manual contains the words %q", f.search))
		}
		return show(out, func(width int, color bool) string { return manual.List(found, width, color) })
	case len(args) == 0:
		return show(out, manual.Index)
	}
	entry, ok := manual.Find(args[0])
	if !ok {
		return failed(manual.Missing(args[0]))
	}
	return show(out, entry.Text)
}

func failed(err error) error {
	fmt.Fprintln(os.Stderr, "avescript:", err)
	return script.ErrFailed
}

// show writes a text. On a terminal it is as wide as the terminal and is shown in a
// pager.
func show(out io.Writer, text func(width int, color bool) string) error {
	if terminal, ok := out.(*os.File); ok && script.IsTerminal(terminal) {
		if err := pager.Show(terminal, text(pager.Width(terminal), script.HasColor(terminal))); err != nil {
			return failed(err)
		}
		return nil
	}
	_, err := io.WriteString(out, text(80, false))
	return err
}

// completeNames completes names for a shell.
func completeNames(_ *cobra.Command, args []string, prefix string) ([]string, cobra.ShellCompDirective) {
	var names []string
	for _, name := range manual.Names() {
		if len(args) == 0 && strings.HasPrefix(name, prefix) {
			names = append(names, name)
		}
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}
