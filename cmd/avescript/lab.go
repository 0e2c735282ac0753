package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"avescript/core/fleet/programs"
	"avescript/lualib/script"
)

const labName = "lab"

// newLab executes avelab, which has everything of a fleet: its server and client would make
// this program twice as large, and slow down its start.
func newLab() *cobra.Command {
	return &cobra.Command{
		Use:   labName + " [COMMAND] [ARGS...]",
		Short: "Show a lab of several hosts, and operate it",
		Long: `Shows a lab: its hosts, equipment with who has it, since when and why, the
queue, and runs. With a COMMAND it starts a lab, joins it or operates it.
'avescript lab help' lists the commands. 'avescript test --fleet' runs tests on
the hosts of the lab. All this is done by the program avelab.`,
		Example: `  avescript lab start
  avescript lab join tls://hub:4222#9f86d08188...
  avescript lab --watch
  avescript lab help drain`,
		DisableFlagParsing: true,
		ValidArgsFunction:  completeLab,
		RunE:               func(_ *cobra.Command, args []string) error { return runLab(args) },
	}
}

// runLab makes this process avelab. It returns if that is not possible.
func runLab(args []string) error {
	path, err := programs.Avelab()
	if err == nil {
		err = syscall.Exec(path, append([]string{path}, args...), programs.Environment())
		err = fmt.Errorf("execute %s: %w", path, err)
	}
	fmt.Fprintln(os.Stderr, "avescript: "+err.Error())
	return script.ErrFailed
}

// completeLab asks avelab, which knows hosts, equipment and runs.
func completeLab(c *cobra.Command, args []string, prefix string) ([]string, cobra.ShellCompDirective) {
	path, err := programs.Avelab()
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	ctx, cancel := context.WithTimeout(c.Context(), completeTime)
	defer cancel()
	command := exec.CommandContext(ctx, path, append(append([]string{cobra.ShellCompRequestCmd}, args...), prefix)...)
	command.Env = programs.Environment()
	output, err := command.Output()
	lines := strings.Split(strings.TrimSuffix(string(output), "\n"), "\n")
	var directive cobra.ShellCompDirective
	if _, scanned := fmt.Sscanf(lines[len(lines)-1], ":%d", &directive); err != nil || scanned != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	return lines[:len(lines)-1], directive
}
