package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"avescript/core/completion"
	"avescript/core/fleet/lab"
	"avescript/core/fleet/wire"
)

// completeTime is how long a hub is asked while a user waits for the Tab key.
const completeTime = time.Second

func newCompletion() *cobra.Command {
	return &cobra.Command{
		Use:   "completion bash|zsh|fish",
		Short: "Write a script for a shell that completes command lines",
		Long: `Writes a script for a shell. With it, the Tab key completes commands, flags,
hosts, equipment and runs. The command line of 'avescript lab' is completed by
the script of avescript.`,
		Example: `  source <(avelab completion bash)      # in ~/.bashrc
  source <(avelab completion zsh)       # in ~/.zshrc
  avelab completion fish | source       # in ~/.config/fish/config.fish`,
		ValidArgs: completion.Shells,
		Args:      arguments("the name of a shell, " + strings.Join(completion.Shells, ", ") + ","),
		RunE: func(c *cobra.Command, args []string) error {
			text, err := completion.Script("avelab", args[0])
			if err != nil {
				return err
			}
			_, err = fmt.Fprint(c.OutOrStdout(), text)
			return err
		},
	}
}

// view is the lab, for completion; it is empty if the hub does not answer in time.
func view(c *cobra.Command) *wire.Lab {
	ctx, cancel := context.WithTimeout(c.Context(), completeTime)
	defer cancel()
	return lab.View(ctx)
}

// completeWith completes words of the first argument.
func completeWith(words func(*wire.Lab) []string) cobra.CompletionFunc {
	return func(c *cobra.Command, args []string, prefix string) ([]string, cobra.ShellCompDirective) {
		if len(args) > 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return lab.Beginning(words(view(c)), prefix), cobra.ShellCompDirectiveNoFileComp
	}
}

var (
	completeHosts = completeWith(lab.HostWords)
	completeRuns  = completeWith(lab.RunWords)
	completeRoles = completeWith(func(*wire.Lab) []string { return []string{wire.Worker, wire.User, wire.Viewer, wire.Admin} })
)

// completePieces completes the host, and then a piece of it.
func completePieces(c *cobra.Command, args []string, prefix string) ([]string, cobra.ShellCompDirective) {
	if len(args) != 1 {
		return completeHosts(c, args, prefix)
	}
	return lab.Beginning(lab.PieceWords(view(c), args[0]), prefix), cobra.ShellCompDirectiveNoFileComp
}
