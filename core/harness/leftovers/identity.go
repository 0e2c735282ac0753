package leftovers

import (
	"golang.org/x/sys/unix"

	"avescript/core/process"
)

// Identity tells a thing from another one that has its number or name later.
type Identity struct {
	kind   string
	number int
	path   string
	mark   uint64 // the inode, or when the process was started
}

// IdentityOfProcess is that of a process that is alive.
func IdentityOfProcess(pid int) Identity {
	stat, _ := process.ReadStat(pid)
	return Identity{kind: Process, number: pid, mark: stat.Start}
}

// IdentityOfDescriptor is that of a descriptor of any kind.
func IdentityOfDescriptor(fd int) Identity {
	var stat unix.Stat_t
	_ = unix.Fstat(fd, &stat)
	return Identity{kind: Descriptor, number: fd, mark: stat.Ino}
}

// IdentityOfFile is that of a file of any type.
func IdentityOfFile(path string) Identity {
	var stat unix.Stat_t
	_ = unix.Lstat(path, &stat)
	return Identity{kind: File, path: path, mark: stat.Ino}
}
