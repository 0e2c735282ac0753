package compat

import (
	"os"
	"time"

	lua "github.com/yuin/gopher-lua"
	"golang.org/x/sys/unix"

	"avescript/lualib/stdlib"
)

// openLFS makes lfs, all of LuaFileSystem 1.8.
func openLFS(L *lua.LState) *lua.LTable {
	dirs, locks := newMeta(L, []function{{"next", dirNext}, {"close", dirClose}}), newMeta(L, []function{{"free", lockFree}})
	lfs := newTable(L, []function{
		{"attributes", lfsAttributes},
		{"chdir", lfsChdir},
		{"currentdir", lfsCurrentdir},
		{"dir", func(a stdlib.Args) int { return lfsDir(a, dirs) }},
		{"link", lfsLink},
		{"lock", lfsLock},
		{"lock_dir", func(a stdlib.Args) int { return lfsLockDir(a, locks) }},
		{"mkdir", func(a stdlib.Args) int { return a.PushDone(unix.Mkdir(a.String(1), 0o775)) }},
		{"rmdir", func(a stdlib.Args) int { return a.PushDone(unix.Rmdir(a.String(1))) }},
		{"setmode", lfsSetmode},
		{"symlinkattributes", lfsSymlinkattributes},
		{"touch", lfsTouch},
		{"unlock", lfsUnlock},
	})
	setStrings(lfs, map[string]string{
		"_VERSION":     "LuaFileSystem 1.8.0",
		"_DESCRIPTION": "File system functions with the names of LuaFileSystem",
		"_COPYRIGHT":   "See the licence of avescript",
	})
	return lfs
}

// newMeta makes the metatable of objects with methods.
func newMeta(L *lua.LState, methods []function) *lua.LTable {
	meta := L.CreateTable(0, 1)
	meta.RawSetString("__index", newTable(L, methods))
	return meta
}

func lfsChdir(a stdlib.Args) int {
	path := a.String(1)
	if err := unix.Chdir(path); err != nil {
		return failed(a, "Unable to change working directory to '", path, "'\n", stdlib.ErrorText(err), "\n")
	}
	return a.Push(lua.LTrue)
}

// lfsCurrentdir asks the system: os.Getwd may return $PWD.
func lfsCurrentdir(a stdlib.Args) int {
	path := make([]byte, unix.PathMax)
	n, err := unix.Getcwd(path)
	if err != nil {
		return a.PushDone(err, "get_dir getcwd() failed")
	}
	return a.Push(lua.LString(path[:n-1])) // without the zero byte
}

// directory is what an iteration over a directory has left. Its names are read at once, so
// that no descriptor stays open if the iteration does not come to its end.
type directory struct {
	names  []string
	closed bool
}

// lfsDir is dir(path): the iterator, and the object that it gets.
func lfsDir(a stdlib.Args, meta *lua.LTable) int {
	path := a.String(1)
	dir, err := os.OpenFile(path, unix.O_DIRECTORY, 0) // the open of a pipe would wait for a writer
	var names []string
	if err == nil {
		names, err = dir.Readdirnames(-1)
		dir.Close()
	}
	if err != nil {
		a.Fail("cannot open %s: %s", path, stdlib.ErrorText(err))
	}
	object := newObject(meta, &directory{names: append([]string{".", ".."}, names...)})
	return a.Push(a.L.GetField(meta.RawGetString("__index"), "next"), object)
}

func dirNext(a stdlib.Args) int {
	d := objectAt[*directory](a, 1, "directory metatable")
	if d.closed {
		a.Reject(1, "closed directory")
	}
	if len(d.names) == 0 {
		d.closed = true
		return 0
	}
	name := d.names[0]
	d.names = d.names[1:]
	return a.Push(lua.LString(name))
}

func dirClose(a stdlib.Args) int {
	*objectAt[*directory](a, 1, "directory metatable") = directory{closed: true}
	return 0
}

func lfsLink(a stdlib.Args) int {
	from, to := a.String(1), a.String(2)
	if lua.LVAsBool(a.L.Get(3)) {
		return a.PushDone(unix.Symlink(from, to))
	}
	return a.PushDone(unix.Link(from, to))
}

// lfsTouch is touch(path [, access [, modification]]), in seconds. A missing modification
// is as access; without both the time is now.
func lfsTouch(a stdlib.Args) int {
	path := a.String(1)
	access, modification := time.Now().Unix(), time.Now().Unix()
	if a.Len() > 1 {
		access = int64(a.NumberOr(2, 0))
		modification = int64(a.IntegerOr(3, int(access)))
	}
	return a.PushDone(unix.Utime(path, &unix.Utimbuf{Actime: access, Modtime: modification}))
}

// lfsSetmode is setmode(file, mode), which makes no difference here.
func lfsSetmode(a stdlib.Args) int {
	openFile(a, "setmode")
	a.Option(2, "binary", "text")
	return a.Push(lua.LTrue, lua.LString("binary"))
}

// openFile returns the first argument, an open file.
func openFile(a stdlib.Args, name string) *os.File {
	file, open := a.File(1)
	if !open {
		a.Fail("%s: closed file", name)
	}
	return file
}

// lockKinds are the modes of lfs.lock.
var lockKinds = map[byte]int16{'r': unix.F_RDLCK, 'w': unix.F_WRLCK, 'u': unix.F_UNLCK}

// lfsLock is lock(file, mode [, start [, length]]). It does not wait.
func lfsLock(a stdlib.Args) int {
	file, mode := openFile(a, "lock"), a.String(2)
	kind, ok := lockKinds[(mode + "\x00")[0]]
	if !ok {
		a.Fail("lock: invalid mode")
	}
	return lockRange(a, file, kind, 3)
}

// lfsUnlock is unlock(file [, start [, length]]).
func lfsUnlock(a stdlib.Args) int {
	return lockRange(a, openFile(a, "unlock"), unix.F_UNLCK, 2)
}

// lockRange locks the part of a file from argument n on; length 0 means up to its end.
func lockRange(a stdlib.Args, file *os.File, kind int16, n int) int {
	lock := unix.Flock_t{Type: kind, Start: int64(a.IntegerOr(n, 0)), Len: int64(a.IntegerOr(n+1, 0))}
	err := error(unix.EBADF)
	if file != nil {
		raw, rawErr := file.SyscallConn()
		if err = rawErr; err == nil {
			_ = raw.Control(func(fd uintptr) { err = unix.FcntlFlock(fd, unix.F_SETLK, &lock) })
		}
	}
	if err != nil {
		return failed(a, stdlib.ErrorText(err))
	}
	return a.Push(lua.LTrue)
}

// dirLock is the lock of a directory: a symbolic link in it. It is "" when it was freed.
type dirLock struct{ link string }

func lfsLockDir(a stdlib.Args, meta *lua.LTable) int {
	link := a.String(1) + "/lockfile.lfs"
	if err := unix.Symlink("lock", link); err != nil {
		return failed(a, stdlib.ErrorText(err))
	}
	return a.Push(newObject(meta, &dirLock{link}))
}

func lockFree(a stdlib.Args) int {
	lock := objectAt[*dirLock](a, 1, "lock metatable")
	if lock.link != "" {
		_ = unix.Unlink(lock.link) // as the original, which does not look
		lock.link = ""
	}
	return 0
}
