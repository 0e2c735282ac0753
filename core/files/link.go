package files

import (
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"golang.org/x/sys/unix"
)

// destination is the path to which a symbolic link leads, even if that does not exist
// yet, or path itself if it is not a link.
func destination(path string) (string, error) {
	for range 40 { // the kernel follows as many links
		target, isLink, err := readLink(path)
		if err != nil || !isLink {
			return path, err
		}
		if !filepath.IsAbs(target) {
			target = filepath.Join(filepath.Dir(path), target)
		}
		path = target
	}
	return "", &fs.PathError{Op: "write", Path: path, Err: syscall.ELOOP}
}

// readLink reads a symbolic link. In a directory such as /tmp it refuses links of other
// users, as the kernel does when it follows them: see protected_symlinks in proc(5).
// Target and owner are read from the same open link, so that nobody can replace it in
// between.
func readLink(path string) (target string, isLink bool, err error) {
	fd, err := unix.Open(path, unix.O_PATH|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return "", false, nil // creating the file will report the error
	}
	defer unix.Close(fd)
	var link unix.Stat_t
	if err := unix.Fstat(fd, &link); err != nil || link.Mode&unix.S_IFMT != unix.S_IFLNK {
		return "", false, err
	}
	if err := checkOwner(path, link.Uid); err != nil {
		return "", true, err
	}
	buf := make([]byte, unix.PathMax)
	n, err := unix.Readlinkat(fd, "", buf)
	if err != nil {
		return "", true, &fs.PathError{Op: "readlink", Path: path, Err: err}
	}
	return string(buf[:n]), true, nil
}

func checkOwner(path string, owner uint32) error {
	var dir unix.Stat_t
	if err := unix.Stat(filepath.Dir(path), &dir); err != nil {
		return &fs.PathError{Op: "stat", Path: filepath.Dir(path), Err: err}
	}
	const shared = unix.S_ISVTX | unix.S_IWOTH
	if dir.Mode&shared == shared && owner != dir.Uid && int(owner) != os.Geteuid() {
		return &fs.PathError{Op: "follow the link of another user", Path: path, Err: syscall.EACCES}
	}
	return nil
}
