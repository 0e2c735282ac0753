package main

import (
	"fmt"
	"runtime"

	"github.com/spf13/cobra"
)

// version is set in releases: -ldflags "-X main.version=1.2.3".
var version = "devel"

func newVersion() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Show the version of avelab",
		Args:  arguments(),
		RunE: func(c *cobra.Command, _ []string) error {
			_, err := fmt.Fprintf(c.OutOrStdout(), "avelab %s (%s, %s/%s)\n", version, runtime.Version(), runtime.GOOS, runtime.GOARCH)
			return err
		},
	}
}
