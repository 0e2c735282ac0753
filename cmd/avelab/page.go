package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"avescript/core/fleet/lab"
)

func newPage() *cobra.Command {
	return &cobra.Command{
		Use:   "page",
		Short: "Print a link that opens the page of the lab in a browser",
		Long: `Prints the address of the lab's page, with a ticket that logs a browser in as
this user. The ticket is valid for 10 minutes, the login for 30 days.`,
		Example: `  avelab page`,
		Args:    arguments(),
		RunE: func(c *cobra.Command, _ []string) error {
			return once(c, func(context.Context) error {
				link, err := lab.PageLink()
				if err == nil {
					fmt.Println(link)
				}
				return err
			})
		},
	}
}
