package config

// Creating files in the directory of another user.

import (
	"fmt"
	"os"
	"runtime"
	"syscall"

	"golang.org/x/sys/unix"
)

// asOwner runs f. If root calls it, f accesses files as the owner of dir. So created
// files belong to that owner from the start, even if root may not chown (NFS), and a
// symbolic link leads root no further than its owner could go. For other callers, and
// for root in a directory of its own, f just runs.
//
// The identity belongs to one thread, so f must not start goroutines that create files.
// The group is that of dir.
func asOwner(dir string, f func() error) error {
	info, err := os.Stat(dir)
	if err != nil {
		return err
	}
	if !info.IsDir() {
		return fmt.Errorf("wanted a directory, got a file: %s", dir)
	}
	owner := info.Sys().(*syscall.Stat_t)
	if os.Geteuid() != 0 || owner.Uid == 0 {
		return f()
	}

	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	defer func() { _ = setFileIdentity(0, os.Getegid()) }()
	if err := setFileIdentity(int(owner.Uid), int(owner.Gid)); err != nil {
		return fmt.Errorf("act as the owner of %s: %w", dir, err)
	}
	return f()
}

// setFileIdentity sets the ids that the kernel checks and gives to new files. Returning
// to the effective ids of the process cannot fail.
func setFileIdentity(uid, gid int) error {
	// These calls do not report failure; a query with the invalid id -1 does.
	_, _ = unix.SetfsgidRetGid(gid)
	_, _ = unix.SetfsuidRetUid(uid)
	gotGID, _ := unix.SetfsgidRetGid(-1)
	gotUID, _ := unix.SetfsuidRetUid(-1)
	if gotUID != uid || gotGID != gid {
		return fmt.Errorf("wanted file uid %d and gid %d, got %d and %d", uid, gid, gotUID, gotGID)
	}
	return nil
}
