// Package persona looks up accounts of the machine, and changes the account that this
// process runs as. It only supports Linux.
package persona

import (
	"fmt"
	"os"
	"syscall"

	"avescript/core/process"
)

// BecomeUser makes the account name the user of this process, on all its threads and
// for good: the real, effective and saved user and group, and the supplementary groups.
// HOME, USER and LOGNAME are set to those of the account. It returns the account's home
// directory. Only root may call it.
//
// Open files stay open, and the kernel lets only root inspect the process from outside,
// because it may still contain what it read as root. Its children are ordinary
// processes of the account. The parent-death signal is kept in a process that runs in
// [process.Main]; in other processes the kernel clears it.
//
// After an error the user is unchanged, but the groups may have changed.
func BecomeUser(name string) (home string, err error) {
	if euid := os.Geteuid(); euid != 0 {
		return "", fmt.Errorf("only root can become user %q: this process has the effective uid %d", name, euid)
	}
	account, err := Find(name)
	if err != nil {
		return "", fmt.Errorf("wanted the name of a user account, got %q: %w", name, err)
	}
	err = process.KeepDeathSignal(account.become)
	if err != nil {
		return "", fmt.Errorf("become user %q: %w", name, err)
	}
	for _, v := range account.Environment() {
		if err := os.Setenv(v.Name, v.Value); err != nil {
			return "", fmt.Errorf("become user %q: %w", name, err)
		}
	}
	return account.Home, nil
}

// become uses package syscall, whose calls affect all threads of the process. Setgroups
// of x/sys/unix, for example, affects only the calling thread.
func (a *Account) become() error {
	// The user comes last: without root nothing else can be changed.
	if err := syscall.Setgroups(a.Groups); err != nil {
		return fmt.Errorf("setgroups: %w", err)
	}
	if err := syscall.Setresgid(a.GID, a.GID, a.GID); err != nil {
		return fmt.Errorf("setresgid: %w", err)
	}
	if err := syscall.Setresuid(a.UID, a.UID, a.UID); err != nil {
		return fmt.Errorf("setresuid: %w", err)
	}
	return nil
}
