// Package persona changes who a process is, during system boot.
//
// It knows Linux alone.
package persona

import (
	"fmt"
	"os"
	"os/user"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"
)

// BecomeUser changes the effective user of the process, on all its threads, to
// the account called name, together with the effective group and the
// supplementary groups. It returns the account's home directory; HOME and the
// rest of the environment stay as they are. Only the super user may call it.
//
// The real and the saved user remain root, as for any change of the effective
// user: this chooses who owns the files that are made, and is no wall around
// code that is not trusted. Programs that set their effective user back to the
// real one, as shells do, are root again.
//
// The kernel forgets the parent-death signal of a process that does this.
// After an error the user is unchanged, but the groups may not be.
func BecomeUser(name string) (home string, err error) {
	if euid := os.Geteuid(); euid != 0 {
		return "", fmt.Errorf("wanted the super user to become %q, got effective uid %d", name, euid)
	}
	account, err := user.Lookup(name)
	if err != nil {
		return "", fmt.Errorf("wanted the name of a user account, got %q: %w", name, err)
	}
	groups, err := account.GroupIds()
	if err != nil {
		return "", fmt.Errorf("groups of %q: %w", name, err)
	}
	if err := become(account.Uid, account.Gid, groups); err != nil {
		return "", fmt.Errorf("becoming %q: %w", name, err)
	}
	return account.HomeDir, nil
}

// become uses package syscall, whose calls reach all threads of the process.
// Setgroups of x/sys/unix, for one, changes the calling thread alone.
func become(uid, gid string, groups []string) error {
	ids, err := numbers(append([]string{uid, gid}, groups...))
	if err != nil {
		return err
	}
	dumpable, err := unix.PrctlRetInt(unix.PR_GET_DUMPABLE, 0, 0, 0, 0)
	if err != nil {
		return fmt.Errorf("prctl: %w", err)
	}
	// The user comes last: without it the groups can't be changed.
	if err := syscall.Setgroups(ids[2:]); err != nil {
		return fmt.Errorf("setgroups: %w", err)
	}
	if err := syscall.Setegid(ids[1]); err != nil {
		return fmt.Errorf("setegid: %w", err)
	}
	if err := syscall.Seteuid(ids[0]); err != nil {
		return fmt.Errorf("seteuid: %w", err)
	}
	return keepDumpable(dumpable)
}

// keepDumpable undoes what the kernel does when ids change: it gives the files
// of the process in /proc to root, and the process could no longer set its own
// name there. Others gain nothing by it, because the real user is still root.
func keepDumpable(dumpable int) error {
	if dumpable != 1 {
		return nil
	}
	if err := unix.Prctl(unix.PR_SET_DUMPABLE, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("prctl: %w", err)
	}
	return nil
}

func numbers(texts []string) ([]int, error) {
	ids := make([]int, len(texts))
	for i, text := range texts {
		id, err := strconv.Atoi(text)
		if err != nil {
			return nil, err
		}
		ids[i] = id
	}
	return ids, nil
}
