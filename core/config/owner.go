package config

// Making files in somebody else's directory.

import (
	"fmt"
	"os"
	"runtime"
	"syscall"

	"golang.org/x/sys/unix"
)

// asOwner runs f as the owner of dir, as far as files are concerned, when the
// super user calls it. What f makes then belongs to that owner from the start,
// also where root may not chown (NFS), and a symbolic link that the owner has
// put into the way leads root no further than its owner could go. Other
// callers, and root in a directory of its own, run f as they are.
//
// The identity is that of one thread, so f must not start goroutines that make
// files. Its group is that of dir.
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
		return fmt.Errorf("acting as the owner of %s: %w", dir, err)
	}
	return f()
}

// setFileIdentity sets the ids that the kernel checks and gives to new files.
// Coming back to the effective ids of the process cannot fail.
func setFileIdentity(uid, gid int) error {
	// These calls report no failure; asking with the invalid id -1 shows it.
	_, _ = unix.SetfsgidRetGid(gid)
	_, _ = unix.SetfsuidRetUid(uid)
	gotGID, _ := unix.SetfsgidRetGid(-1)
	gotUID, _ := unix.SetfsuidRetUid(-1)
	if gotUID != uid || gotGID != gid {
		return fmt.Errorf("wanted file uid %d and gid %d, got %d and %d", uid, gid, gotUID, gotGID)
	}
	return nil
}
