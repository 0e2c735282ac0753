package system

import (
	"io/fs"
	"os"

	"golang.org/x/sys/unix"

	"avescript/core/exceptions"
	"avescript/core/posix"
	"avescript/lualib/bind"
	"avescript/lualib/vm"
)

// The functions of ave.posix that make, change and close file descriptors.

func posixClose(c *bind.Call) error {
	var fd bind.Descriptor
	if err := c.Args(&fd); err != nil {
		return err
	}
	return about(unix.Close(int(fd)), "close descriptor %d", fd)
}

func posixDup(c *bind.Call) error {
	var fd bind.Descriptor
	if err := c.Args(&fd); err != nil {
		return err
	}
	copied, err := unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, 3)
	if err != nil {
		return about(err, "duplicate descriptor %d", fd)
	}
	vm.Made(c.L, vm.MadeDescriptor, copied)
	return c.Return(copied)
}

func posixDup2(c *bind.Call) error {
	var fd, to bind.Descriptor
	if err := c.Args(&fd, &to); err != nil {
		return err
	}
	var err error
	if fd != to { // dup3 refuses equal descriptors
		err = unix.Dup3(int(fd), int(to), unix.O_CLOEXEC)
	}
	if err != nil {
		return about(err, "duplicate descriptor %d as %d", fd, to)
	}
	vm.Made(c.L, vm.MadeDescriptor, int(to))
	return c.Return(int(to))
}

func posixPipe(c *bind.Call) error {
	var ends [2]int
	if err := unix.Pipe2(ends[:], unix.O_CLOEXEC); err != nil {
		return about(err, "make a pipe")
	}
	for _, end := range ends {
		vm.Made(c.L, vm.MadeDescriptor, end)
	}
	return c.Return(ends[0], ends[1])
}

// openModes are those of io.open, and two that fail if the file exists.
var openModes = map[string]int{
	"r":   unix.O_RDONLY,
	"r+":  unix.O_RDWR,
	"w":   unix.O_WRONLY | unix.O_CREAT | unix.O_TRUNC,
	"w+":  unix.O_RDWR | unix.O_CREAT | unix.O_TRUNC,
	"a":   unix.O_WRONLY | unix.O_CREAT | unix.O_APPEND,
	"a+":  unix.O_RDWR | unix.O_CREAT | unix.O_APPEND,
	"wx":  unix.O_WRONLY | unix.O_CREAT | unix.O_EXCL,
	"w+x": unix.O_RDWR | unix.O_CREAT | unix.O_EXCL,
}

// posixOpen does not wait for the other end of a named pipe or for the carrier of a
// serial line, because that could take without limit.
func posixOpen(c *bind.Call) error {
	var path string
	mode := "r"
	var given fileMode
	if err := c.Args(&path, &mode, &given); err != nil {
		return err
	}
	permissions := fs.FileMode(0o666)
	if given.FileMode != nil {
		permissions = *given.FileMode
	}
	flags, ok := openModes[mode]
	if !ok {
		return exceptions.TypeError.Newf("ave.posix.open: argument 'mode': wanted r, w, a, wx or one of these with +, got %q", mode)
	}
	fd, err := unix.Open(path, flags|unix.O_CLOEXEC|unix.O_NOCTTY|unix.O_NONBLOCK, uint32(permissions.Perm()))
	if err == nil {
		err = unix.SetNonblock(fd, false)
	}
	if err != nil {
		return exceptions.OfSystem(&os.PathError{Op: "open", Path: path, Err: err})
	}
	vm.Made(c.L, vm.MadeDescriptor, fd)
	return c.Return(fd)
}

func posixCloexec(c *bind.Call) error {
	return descriptorFlag(c, unix.F_GETFD, unix.F_SETFD, unix.FD_CLOEXEC)
}

func posixNonblock(c *bind.Call) error {
	return descriptorFlag(c, unix.F_GETFL, unix.F_SETFL, unix.O_NONBLOCK)
}

// descriptorFlag returns the old value of a flag, and sets it if there is a second
// argument.
func descriptorFlag(c *bind.Call, get, set, flag int) error {
	var fd bind.Descriptor
	var on bool
	if err := c.Args(&fd, &on); err != nil {
		return err
	}
	flags, err := unix.FcntlInt(uintptr(fd), get, 0)
	was := flags&flag != 0
	if err == nil && c.Len() > 1 && on != was {
		_, err = unix.FcntlInt(uintptr(fd), set, flags^flag)
	}
	if err != nil {
		return about(err, "flags of descriptor %d", fd)
	}
	return c.Return(was)
}

func posixIsatty(c *bind.Call) error {
	var fd bind.Descriptor
	if err := c.Args(&fd); err != nil {
		return err
	}
	return c.Return(posix.IsTerminal(int(fd)))
}

func posixWinsize(c *bind.Call) error {
	var fd bind.Descriptor
	var size bind.TerminalSize
	if err := c.Args(&fd, &size); err != nil {
		return err
	}
	if size != (bind.TerminalSize{}) {
		window := unix.Winsize{Col: uint16(size.Cols), Row: uint16(size.Rows)}
		if err := unix.IoctlSetWinsize(int(fd), unix.TIOCSWINSZ, &window); err != nil {
			return about(err, "set the size of the terminal at descriptor %d", fd)
		}
	}
	window, err := unix.IoctlGetWinsize(int(fd), unix.TIOCGWINSZ)
	if err != nil {
		return about(err, "size of the terminal at descriptor %d", fd)
	}
	return c.Return(int(window.Col), int(window.Row))
}
