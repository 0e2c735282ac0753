package main

import (
	"context"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"avescript/core/fleet/lab"
)

// newLab is the root: it lists the lab.
func newLab() *cobra.Command {
	var asJSON, watch bool
	c := &cobra.Command{
		Use:           "avelab",
		Version:       version,
		SilenceErrors: true,
		SilenceUsage:  true,
		Annotations:   map[string]string{cobra.CommandDisplayNameAnnotation: lab.CommandName()},
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 0 {
				return fmt.Errorf("there is no command %q", args[0])
			}
			return nil
		},
		CompletionOptions:          cobra.CompletionOptions{DisableDefaultCmd: true}, // newCompletion is ours
		SuggestionsMinimumDistance: 2,
		RunE: func(c *cobra.Command, _ []string) error {
			ctx, _, stop := untilSignal(c.Context())
			defer stop()
			if watch {
				return failed(ctx, lab.Watch(ctx, os.Stdout, asJSON))
			}
			return failed(ctx, lab.Show(ctx, os.Stdout, asJSON))
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "write JSON: one view, or one per line with --watch")
	c.Flags().BoolVarP(&watch, "watch", "w", false, "repeat the view every second, until Ctrl-C")
	return c
}

// once runs what ends by itself, or by a signal.
func once(c *cobra.Command, do func(ctx context.Context) error) error {
	ctx, _, stop := untilSignal(c.Context())
	defer stop()
	return failed(ctx, do(ctx))
}
