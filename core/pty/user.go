package pty

import (
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"strconv"
	"syscall"
)

// account is the user that a program runs as.
type account struct {
	uid, gid int
	groups   []uint32 // all of them, gid included
	env      []string
}

// findUser finds a user by name or number, with all groups. An empty name gives
// nil: this program's own user.
func findUser(name string) (*account, error) {
	if name == "" {
		return nil, nil
	}
	if uid := os.Geteuid(); uid != 0 {
		return nil, fmt.Errorf("run as user %s: wanted to be root for that, got user %d", name, uid)
	}
	found, err := user.Lookup(name)
	if _, notNumber := strconv.Atoi(name); err != nil && notNumber == nil {
		found, err = user.LookupId(name)
	}
	if err != nil {
		return nil, fmt.Errorf("run as user %s: %w", name, err)
	}
	a := &account{env: []string{"HOME=" + found.HomeDir, "USER=" + found.Username, "LOGNAME=" + found.Username}}
	groups, err := found.GroupIds()
	if err != nil {
		return nil, fmt.Errorf("groups of user %s: %w", name, err)
	}
	for _, text := range groups {
		group, err := strconv.ParseUint(text, 10, 32)
		if err != nil {
			return nil, fmt.Errorf("groups of user %s: %w", name, err)
		}
		a.groups = append(a.groups, uint32(group))
	}
	if a.uid, err = strconv.Atoi(found.Uid); err != nil {
		return nil, fmt.Errorf("number of user %s: %w", name, err)
	}
	if a.gid, err = strconv.Atoi(found.Gid); err != nil {
		return nil, fmt.Errorf("group of user %s: %w", name, err)
	}
	return a, nil
}

func (a *account) credential() *syscall.Credential {
	if a == nil {
		return nil
	}
	return &syscall.Credential{Uid: uint32(a.uid), Gid: uint32(a.gid), Groups: a.groups}
}

// environment is what the program gets, each name once, with PWD for a
// directory.
func environment(opts Options, who *account) []string {
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
		env = append(env, who.env...)
	}
	return (&exec.Cmd{Env: append(env, opts.Env...)}).Environ()
}
