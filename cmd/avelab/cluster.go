package main

import (
	"context"
	"os"

	"github.com/spf13/cobra"

	"avescript/core/fleet/lab"
)

func newCluster() *cobra.Command {
	c := &cobra.Command{
		Use:   "cluster",
		Short: "Share a lab among three hubs, so that it goes on when one is lost",
		Long: `Shares a lab among three hubs, so that it goes on when one of them is lost.

Each hub has a copy of everything, and the lab goes on as long as two of them
can reach each other. Hosts and users stay as they are, and a lab that has one
hub moves into the cluster with all that it has.`,
		Example: `  avelab cluster create hub-1 hub-2 hub-3   # on hub-1, whose hub was ended
  avelab cluster accept hub-2.hub           # on hub-2, with the file from hub-1
  avelab start                              # on all three`,
	}
	c.AddCommand(newClusterCreate(), newClusterAccept())
	return c
}

func newClusterCreate() *cobra.Command {
	var dir string
	c := &cobra.Command{
		Use:   "create [ADDRESS ADDRESS ADDRESS]",
		Short: "Make this hub the first of a cluster",
		Long: `Makes the hub of this host, which must not run, the first of a cluster of three.

An ADDRESS is HOST or HOST:PORT, by which everybody reaches that hub; the first
one is that of this host. Clients connect to PORT, usually 4222, and the hubs
to each other at PORT+2000. The command writes a file for each of the other
hubs into the working directory. Keep these files secret: whoever has one can be
the hub.

Without addresses, it writes the files of the other hubs again: for a new
machine in place of one that was lost, with the same address. The hub goes on.`,
		Example: `  avelab cluster create hub-1.example.org hub-2.example.org hub-3.example.org
  avelab cluster create --dir /var/lib/avelab   # the files again`,
		Args: arguments("[ADDRESS]", "[ADDRESS]", "[ADDRESS]"),
		RunE: func(c *cobra.Command, args []string) (err error) {
			if dir, err = lab.HubDir(dir); err != nil {
				return err
			}
			return once(c, func(context.Context) error { return lab.CreateCluster(os.Stdout, dir, args) })
		},
	}
	c.Flags().StringVar(&dir, "dir", "", "the `DIR` of the hub, as for start")
	return c
}

func newClusterAccept() *cobra.Command {
	var dir string
	c := &cobra.Command{
		Use:   "accept FILE",
		Short: "Make an empty directory that of another hub of the cluster",
		Long: `Makes an empty directory that of the hub for which 'cluster create' has written
FILE. The hub of a directory that has one already is not changed.`,
		Example: `  avelab cluster accept hub-2.hub --dir /var/lib/avelab`,
		Args:    arguments("FILE"),
		RunE: func(c *cobra.Command, args []string) (err error) {
			if dir, err = lab.HubDir(dir); err != nil {
				return err
			}
			return once(c, func(context.Context) error { return lab.AcceptCluster(os.Stdout, args[0], dir) })
		},
	}
	c.Flags().StringVar(&dir, "dir", "", "the `DIR` of the hub, as for start")
	return c
}
