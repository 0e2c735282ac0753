package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"avescript/core/completion"
	"avescript/core/flags"
	"avescript/core/probe"
)

// completeTime is how long a service is asked while a user waits for the Tab key.
const completeTime = time.Second

func newCompletion() *cobra.Command {
	return &cobra.Command{
		Use:   "completion bash|zsh|fish",
		Short: "Write a script for a shell that completes command lines",
		Long: `Writes a script for a shell. With it, the Tab key completes commands, flags, services of
this host, their methods, and files. The script needs no other package.`,
		Example: `  source <(avescript completion bash)      # in ~/.bashrc
  source <(avescript completion zsh)       # in ~/.zshrc
  avescript completion fish | source       # in ~/.config/fish/config.fish`,
		ValidArgs: completion.Shells,
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) != 1 {
				return fmt.Errorf("wanted the name of one shell, %s: got %d arguments%s",
					strings.Join(completion.Shells, ", "), len(args), quotedList(args))
			}
			text, err := completion.Script("avescript", args[0])
			if err != nil {
				return err
			}
			_, err = fmt.Fprint(c.OutOrStdout(), text)
			return err
		},
	}
}

func quotedList(words []string) string {
	if len(words) == 0 {
		return ""
	}
	return fmt.Sprintf(", %q", words)
}

// completeScript completes the first word, which may be a file or a command, and the
// arguments of a script.
func completeScript(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return nil, cobra.ShellCompDirectiveDefault
}

// completeNothing is for numbers and other values that cannot be completed.
func completeNothing(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return nil, cobra.ShellCompDirectiveNoFileComp
}

// completeCommand completes the name of a command.
func completeCommand(c *cobra.Command, args []string, prefix string) ([]string, cobra.ShellCompDirective) {
	var names []string
	for _, command := range c.Root().Commands() {
		if len(args) == 0 && command.IsAvailableCommand() && strings.HasPrefix(command.Name(), prefix) {
			names = append(names, completion.Candidate(command.Name(), command.Short))
		}
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}

// completeService completes the [HOST:]PORT of a service in a flag.
func completeService(_ *cobra.Command, _ []string, prefix string) ([]string, cobra.ShellCompDirective) {
	return completion.Services(prefix), cobra.ShellCompDirectiveNoFileComp
}

// complete completes the service, the method, and those arguments of a call that are files.
func (f *callFlags) complete(c *cobra.Command, args []string, prefix string) ([]string, cobra.ShellCompDirective) {
	switch {
	case len(args) == 0:
		return completion.Services(prefix), cobra.ShellCompDirectiveNoFileComp
	case len(args) > 1 && strings.HasPrefix(prefix, "@"):
		return nil, cobra.ShellCompDirectiveDefault
	case len(args) > 1:
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	client, err := f.client(args[0])
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	defer client.Close()
	names, docs := probe.Names(c.Context(), client, prefix, completeTime)
	for i := range names {
		names[i] = completion.Candidate(names[i], docs[i])
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}

// completeKeyword completes NAME= with the method's parameters, and the file in NAME=@FILE.
func (f *callFlags) completeKeyword(c *cobra.Command, args []string, prefix string) ([]string, cobra.ShellCompDirective) {
	if _, value, ok := strings.Cut(prefix, "="); ok {
		if strings.HasPrefix(value, "@") {
			return nil, cobra.ShellCompDirectiveDefault
		}
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	if len(args) < 2 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	client, err := f.client(args[0])
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	defer client.Close()
	var names []string
	for _, name := range probe.Parameters(c.Context(), client, args[1], completeTime) {
		if strings.HasPrefix(name, prefix) {
			names = append(names, name+"=")
		}
	}
	return names, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
}

// complete completes SERVICE and CALL of --end.
func (f *psFlags) complete(c *cobra.Command, args []string, prefix string) ([]string, cobra.ShellCompDirective) {
	switch {
	case f.end && len(args) == 0:
		return append(completion.Names(prefix), completion.Services(prefix)...), cobra.ShellCompDirectiveNoFileComp
	case f.end && len(args) == 1:
		ctx, cancel := context.WithTimeout(c.Context(), completeTime)
		defer cancel()
		return f.calls(ctx, args[0]), cobra.ShellCompDirectiveNoFileComp
	}
	return nil, cobra.ShellCompDirectiveNoFileComp
}

// forCompletion returns the command line that a shell has sent with __complete. If the line
// begins with a script or a flag, the hidden command run is put in front.
func forCompletion(root *cobra.Command, args []string) []string {
	for _, command := range root.Commands() {
		command.Flags().VisitAll(func(f *pflag.Flag) {
			if f.Value.Type() == flags.NumberType {
				_ = command.RegisterFlagCompletionFunc(f.Name, completeNothing)
			}
		})
	}
	if len(args) < 3 || isCommand(root, args[1]) {
		return args
	}
	return append([]string{args[0], runName}, args[1:]...)
}
