// Package system has the modules for the host (files, the environment, time,
// descriptors, HTTP, configuration) and for text.
package system

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"syscall"
	"time"

	lua "github.com/yuin/gopher-lua"

	"avescript/core/exceptions"
	"avescript/core/files"
	"avescript/lualib/bind"
	"avescript/lualib/stdlib"
	"avescript/lualib/vm"
)

// FSModule is ave.fs: files and directories.
var FSModule = bind.Module{
	Name: "ave.fs",
	Funcs: []bind.Fn{
		bind.Func("basename", "path", fsBasename),
		bind.Func("copy", "from, to, options?", fsCopy),
		bind.Func("dirname", "path", fsDirname),
		bind.Func("exists", "path", fsExists),
		bind.Func("glob", "pattern", fsGlob),
		bind.Func("join", "...", fsJoin),
		bind.Func("list", "path", fsList),
		bind.Func("lstat", "path", fsLstat),
		bind.Func("mkdir", "path, options?", fsMkdir),
		bind.Func("move", "from, to", fsMove),
		bind.Func("read", "path, options?", fsRead),
		bind.Func("remove", "path, options?", fsRemove),
		bind.Func("stat", "path", fsStat),
		bind.Func("tempdir", "fn?", fsTempdir),
		bind.Func("walk", "path, options?", fsWalk),
		bind.Func("write", "path, data, options?", fsWrite),
	},
}

// fileMode is the permissions of a file in octal digits. A number is refused: 644
// would mean something else.
type fileMode struct{ *fs.FileMode }

func (m *fileMode) UnpackLua(_ *lua.LState, v lua.LValue) error {
	text, _ := v.(lua.LString)
	bits, err := strconv.ParseUint(string(text), 8, 12)
	if err != nil {
		return bind.Wanted(`a string of octal digits, such as "0644"`)
	}
	mode := fs.FileMode(bits).Perm()
	for bit, special := range map[uint64]fs.FileMode{
		syscall.S_ISUID: fs.ModeSetuid, syscall.S_ISGID: fs.ModeSetgid, syscall.S_ISVTX: fs.ModeSticky,
	} {
		if bits&bit != 0 {
			mode |= special
		}
	}
	m.FileMode = &mode
	return nil
}

// onPath is [bind.OnFiles] for functions with one path.
func onPath(c *bind.Call, op func(ctx context.Context, path string) error, more ...any) error {
	var path string
	if err := c.Args(append([]any{&path}, more...)...); err != nil {
		return err
	}
	return bind.OnFiles(c, func(ctx context.Context) error { return op(ctx, path) })
}

// onPaths is onPath for functions with two paths.
func onPaths(c *bind.Call, op func(ctx context.Context, from, to string) error, more ...any) error {
	var to string
	return onPath(c, func(ctx context.Context, from string) error { return op(ctx, from, to) }, append([]any{&to}, more...)...)
}

func fsBasename(c *bind.Call) error {
	var path string
	if err := c.Args(&path); err != nil {
		return err
	}
	return c.Return(filepath.Base(path))
}

func fsCopy(c *bind.Call) error {
	var options struct {
		Recursive bool `lua:"recursive"`
	}
	return onPaths(c, func(ctx context.Context, from, to string) error {
		return files.Copy(ctx, from, to, options.Recursive)
	}, &options)
}

func fsDirname(c *bind.Call) error {
	var path string
	if err := c.Args(&path); err != nil {
		return err
	}
	return c.Return(filepath.Dir(path))
}

// fsExists returns false if a directory above the file cannot be searched.
func fsExists(c *bind.Call) error {
	var found bool
	err := onPath(c, func(_ context.Context, path string) error {
		_, err := os.Stat(path)
		found = err == nil
		return nil
	})
	if err != nil {
		return err
	}
	return c.Return(found)
}

func fsGlob(c *bind.Call) error {
	var found []string
	err := onPath(c, func(ctx context.Context, pattern string) (err error) {
		found, err = files.Glob(ctx, pattern)
		return err
	})
	if err != nil {
		return err
	}
	return c.Return(found)
}

func fsJoin(c *bind.Call) error {
	parts := make([]string, c.Len())
	for i := range parts {
		if err := bind.Unpack(c.L, c.Arg(i+1), &parts[i]); err != nil {
			return exceptions.TypeError.Newf("ave.fs.join: argument %d: %w", i+1, bind.Mismatch("a string", c.Arg(i+1)))
		}
	}
	return c.Return(filepath.Join(parts...))
}

func fsList(c *bind.Call) error {
	var entries []fs.DirEntry
	err := onPath(c, func(_ context.Context, path string) (err error) {
		entries, err = os.ReadDir(path)
		return err
	})
	if err != nil {
		return err
	}
	names := make([]string, len(entries))
	for i, entry := range entries {
		names[i] = entry.Name()
	}
	return c.Return(names)
}

func fsMkdir(c *bind.Call) error {
	options := struct {
		Parents bool     `lua:"parents"`
		Mode    fileMode `lua:"mode"`
	}{}
	return onPath(c, func(_ context.Context, path string) error {
		mkdir := os.Mkdir
		if options.Parents {
			mkdir = os.MkdirAll
		}
		if err := mkdir(path, 0o777); err != nil || options.Mode.FileMode == nil {
			return err
		}
		return os.Chmod(path, *options.Mode.FileMode)
	}, &options)
}

func fsMove(c *bind.Call) error { return onPaths(c, files.Move) }

func fsRead(c *bind.Call) error {
	var options struct {
		MaxSize int `lua:"max_size"`
	}
	var content []byte
	err := onPath(c, func(ctx context.Context, path string) (err error) {
		content, err = files.Read(ctx, path, int64(max(options.MaxSize, 0)))
		return err
	}, &options)
	if err != nil {
		return err
	}
	return c.Return(content)
}

func fsRemove(c *bind.Call) error {
	var options struct {
		Recursive bool `lua:"recursive"`
		MissingOK bool `lua:"missing_ok"`
	}
	return onPath(c, func(ctx context.Context, path string) error {
		err := files.Remove(ctx, path, options.Recursive)
		if options.MissingOK && os.IsNotExist(err) {
			return nil
		}
		return err
	}, &options)
}

func fsLstat(c *bind.Call) error { return returnInfo(c, os.Lstat) }
func fsStat(c *bind.Call) error  { return returnInfo(c, os.Stat) }

func returnInfo(c *bind.Call, stat func(string) (fs.FileInfo, error)) error {
	var info fs.FileInfo
	err := onPath(c, func(_ context.Context, path string) (err error) {
		info, err = stat(path)
		return err
	})
	if err != nil {
		return err
	}
	return c.Return(infoTable(c.L, info))
}

func infoTable(L *lua.LState, info fs.FileInfo) *lua.LTable {
	table := L.CreateTable(0, 6)
	stat := info.Sys().(*syscall.Stat_t)
	for name, value := range map[string]any{
		"type":  files.TypeOf(info.Mode()),
		"size":  float64(info.Size()),
		"mode":  fmt.Sprintf("%04o", stat.Mode&0o7777),
		"mtime": unixSeconds(info.ModTime()),
		"uid":   int(stat.Uid),
		"gid":   int(stat.Gid),
	} {
		table.RawSetString(name, bind.Value(L, value))
	}
	return table
}

// unixSeconds converts a time to seconds since 1970.
func unixSeconds(t time.Time) float64 {
	return float64(t.Unix()) + float64(t.Nanosecond())/float64(time.Second)
}

// fsTempdir makes a directory that exists while fn runs, or, without fn, until the
// script ends.
func fsTempdir(c *bind.Call) error {
	var fn *lua.LFunction
	if err := c.Args(&fn); err != nil {
		return err
	}
	path, err := files.TempDir("")
	if err != nil {
		return exceptions.OfSystem(err)
	}
	if fn == nil {
		removeAtExit(c.L, path)
		vm.TestRunOf(c.L).RemovedWithScript(path)
		return c.Return(path)
	}
	// Even if fn was interrupted, after which nothing may wait any more.
	defer func() { _ = os.RemoveAll(path) }()
	return c.Through(fn, lua.LString(path))
}

func removeAtExit(L *lua.LState, path string) {
	stdlib.OnExit(L, func(*lua.LState, bool) { _ = os.RemoveAll(path) }) // there is nobody to report an error to
}

func fsWrite(c *bind.Call) error {
	var data string
	var options struct {
		Mode fileMode `lua:"mode"`
	}
	return onPath(c, func(ctx context.Context, path string) error {
		_, err := files.Write(ctx, path, bytes.NewReader([]byte(data)), options.Mode.FileMode)
		return err
	}, &data, &options)
}

// walker iterates over a tree; a directory comes before its contents.
type walker struct {
	mu      sync.Mutex
	pending []place // the last one is next
	depth   int     // of the deepest directory to list; 0 means no limit
	lenient bool
}

type place struct {
	path  string
	depth int
}

func fsWalk(c *bind.Call) error {
	var path string
	var options struct {
		Depth          int  `lua:"depth"`
		SkipUnreadable bool `lua:"skip_unreadable"`
	}
	if err := c.Args(&path, &options); err != nil {
		return err
	}
	w := &walker{depth: options.Depth, lenient: options.SkipUnreadable}
	if err := bind.OnFiles(c, func(context.Context) error { return w.open(place{path, 0}) }); err != nil {
		return err
	}
	return c.Return(bind.Function(c.L, "ave.fs.walk", "...", w.next))
}

// open adds the entries of a directory.
func (w *walker) open(dir place) error {
	entries, err := os.ReadDir(dir.path)
	for _, entry := range slices.Backward(entries) {
		w.pending = append(w.pending, place{filepath.Join(dir.path, entry.Name()), dir.depth + 1})
	}
	return err
}

func (w *walker) next(c *bind.Call) error {
	var at place
	var info fs.FileInfo
	err := bind.OnFiles(c, func(context.Context) (err error) {
		w.mu.Lock()
		defer w.mu.Unlock()
		for n := len(w.pending); n > 0 && info == nil; n = len(w.pending) {
			at, w.pending = w.pending[n-1], w.pending[:n-1]
			info, err = os.Lstat(at.path)
			if err != nil && !os.IsNotExist(err) { // it was removed in the meantime
				return err
			}
		}
		if info == nil || !info.IsDir() || at.depth == w.depth {
			return nil
		}
		if err = w.open(at); err != nil && (w.lenient || os.IsNotExist(err)) {
			return nil
		}
		return err
	})
	if err != nil || info == nil {
		return err
	}
	return c.Return(at.path, infoTable(c.L, info))
}
