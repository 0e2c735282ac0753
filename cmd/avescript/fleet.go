package main

import (
	"context"
	"errors"
	"os/exec"
	"strings"

	"github.com/spf13/pflag"

	"avescript/core/flags"
	"avescript/core/fleet/programs"
	"avescript/lualib/runner"
)

// fleetFlags are the flags for running tests on the hosts of a lab.
type fleetFlags struct {
	runner.Fleet
	use bool
}

func (f *fleetFlags) flags(set *pflag.FlagSet) {
	set.BoolVar(&f.use, "fleet", false, "run the tests on the hosts of the lab that this account has joined; see avescript lab")
	set.StringArrayVar(&f.Data, "data", nil, "let the file or directory `PATH` go to the hosts, too; those beside the tests do, except what .gitignore names")
	set.BoolVar(&f.Detach, "detach", false, "print the name of the run and leave it; avescript lab attach shows it")
	set.IntVar(&f.Priority, "priority", 0, "start the tests before those with a lower `NUMBER`; above 0 only administrators may")
	set.Var(flags.Seconds(&f.Patience), "patience", "wait `SECONDS` for equipment that no host has now; without this flag, such tests are refused")
}

// choose sets the fleet in the options, if it is to be used.
func (f *fleetFlags) choose(t *testFlags) error {
	switch {
	case !f.use && (f.Data != nil || f.Detach || f.Priority != 0 || f.Patience != 0):
		return errors.New("--data, --detach, --priority and --patience need --fleet")
	case !f.use:
		return nil
	case t.measuring.Profile != "":
		return errors.New("--profile cannot be used with --fleet: remove one")
	case t.memory > 0:
		return errors.New("--memory-limit cannot be used with --fleet: remove one")
	}
	f.Version = strings.TrimSpace(version + commit())
	f.Submit = submitCommand
	t.Fleet = &f.Fleet
	return nil
}

func submitCommand() (*exec.Cmd, error) {
	path, err := programs.Avelab()
	if err != nil {
		return nil, err
	}
	c := exec.CommandContext(context.Background(), path, "submit")
	c.Env = programs.Environment()
	return c, nil
}
