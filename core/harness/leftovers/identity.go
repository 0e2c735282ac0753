package leftovers

import (
	"golang.org/x/sys/unix"

	"avescript/core/process"
)

// Identity distinguishes a thing from a later one with the same number or name.
type Identity struct {
	kind   string
	number int
	path   string
	mark   uint64 // the inode, or the start time of the process
}

// IdentityOfProcess identifies a running process.
func IdentityOfProcess(pid int) Identity {
	stat, _ := process.ReadStat(pid)
	return Identity{kind: Process, number: pid, mark: stat.Start}
}

// IdentityOfDescriptor identifies an open descriptor of any kind.
func IdentityOfDescriptor(fd int) Identity {
	var stat unix.Stat_t
	_ = unix.Fstat(fd, &stat)
	return Identity{kind: Descriptor, number: fd, mark: stat.Ino}
}

// IdentityOfFile identifies a file of any type.
func IdentityOfFile(path string) Identity {
	var stat unix.Stat_t
	_ = unix.Lstat(path, &stat)
	return Identity{kind: File, path: path, mark: stat.Ino}
}
