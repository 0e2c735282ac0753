package pty

import (
	"fmt"
	"os"
	"os/exec"
	"syscall"

	"avescript/core/persona"
)

// findUser finds the account that a program is to run as. For an empty name it is nil:
// the user of this program.
func findUser(name string) (*persona.Account, error) {
	if name == "" {
		return nil, nil
	}
	if uid := os.Geteuid(); uid != 0 {
		return nil, fmt.Errorf("only root can run commands as user %s: this process has the uid %d", name, uid)
	}
	account, err := persona.Find(name)
	if err != nil {
		return nil, fmt.Errorf("run as user %s: %w", name, err)
	}
	return account, nil
}

func credential(a *persona.Account) *syscall.Credential {
	if a == nil {
		return nil
	}
	groups := make([]uint32, len(a.Groups))
	for i, group := range a.Groups {
		groups[i] = uint32(group)
	}
	return &syscall.Credential{Uid: uint32(a.UID), Gid: uint32(a.GID), Groups: groups}
}

// environment is the environment of the program, each name once, with PWD if there is a
// directory.
func environment(opts Options, who *persona.Account) []string {
	env := []string{}
	switch {
	case opts.ClearEnv:
	case opts.Dir == "":
		env = os.Environ()
	default:
		env = (&exec.Cmd{Dir: opts.Dir}).Environ()
	}
	if who == nil && len(opts.Env) == 0 {
		return env
	}
	if who != nil {
		for _, v := range who.Environment() {
			env = append(env, v.Name+"="+v.Value)
		}
	}
	return (&exec.Cmd{Env: append(env, opts.Env...)}).Environ()
}
