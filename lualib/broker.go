package lualib

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	lua "github.com/yuin/gopher-lua"
	"golang.org/x/sys/unix"

	"avescript/core/control"
	"avescript/core/exceptions"
	"avescript/core/files"
	"avescript/core/process"
	"avescript/lualib/bind"
	"avescript/lualib/vm"
)

// brokerHost is what the module ave.broker, which is written in Lua, needs of
// Go.
var brokerHost = bind.Module{
	Name: "ave.broker.host",
	Funcs: []bind.Fn{
		bind.Func("base64", "text", brokerBase64),
		bind.Func("clock", "", brokerClock),
		bind.Func("find", "pid, start?", brokerFind),
		bind.Func("hung_up", "client", brokerHungUp),
		bind.Func("list", "directory, path", brokerList),
		bind.Func("make_directory", "path", brokerMakeDirectory),
		bind.Func("read", "directory, path", brokerRead),
		bind.Func("remove_directory", "path", brokerRemoveDirectory),
		bind.Func("save", "path, text", brokerSave),
		bind.Func("secret", "", brokerSecret),
		bind.Func("tick", "service, interval", brokerTick),
		bind.Func("unbase64", "text", brokerUnbase64),
		bind.Func("write", "directory, path, text", brokerWrite),
	},
}

// brokerClock gives seconds that go on evenly, and are the same in all processes
// of this host.
func brokerClock(c *bind.Call) error {
	if err := c.Args(); err != nil {
		return err
	}
	var now unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &now); err != nil {
		return fmt.Errorf("read the clock: %w", err)
	}
	return c.Return(float64(now.Nano()) / float64(time.Second))
}

// brokerSecret makes what nobody can guess.
func brokerSecret(c *bind.Call) error {
	if err := c.Args(); err != nil {
		return err
	}
	return c.Return(rand.Text())
}

// brokerTick has the method tick of a service called again and again, however
// busy the service is, in turn with its other callbacks. One that takes longer
// than the interval is not called again meanwhile.
func brokerTick(c *bind.Call) error {
	var object *lua.LTable
	var interval bind.Seconds
	if err := c.Args(&object, &interval); err != nil {
		return err
	}
	v := vm.Of(c.L)
	s, ok := v.Attached[serviceKey{object}].(*service)
	if !ok {
		return errors.New(bind.NameOf(object) + " is not running in this process")
	}
	go func() {
		ticker := time.NewTicker(interval.Or(time.Second))
		defer ticker.Stop()
		var busy atomic.Bool
		for range ticker.C {
			if !isRunning(v, s) {
				return
			}
			if busy.CompareAndSwap(false, true) {
				s.server.Callback("tick", func(ctx context.Context) error {
					defer busy.Store(false)
					return s.call(ctx, "tick")
				})
			}
		}
	}()
	return nil
}

func isRunning(v *vm.VM, s *service) (running bool) {
	_ = v.Do(context.Background(), func(*lua.LState) error {
		running = v.Attached[serviceKey{s.self}] == s
		return nil
	})
	return running
}

// brokerFind gets hold of any living process as if another service had left it.
// Its start says which process is meant, and is returned as well; nil if that
// process is no more.
func brokerFind(c *bind.Call) error {
	var pid int
	var start string
	if err := c.Args(&pid, &start); err != nil {
		return err
	}
	found, err := process.FindDaemon(pid)
	if errors.Is(err, unix.ESRCH) {
		return nil
	}
	if err != nil {
		return err
	}
	stat, err := process.ReadStat(pid) // after the process is got hold of
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	began := strconv.FormatUint(stat.Start, 10)
	if start != "" && start != began || !found.Alive() {
		return nil
	}
	object := bind.New(c.L, &processClass, adopted{found})
	object.RawSetString("pid", lua.LNumber(pid))
	object.RawSetString("adopted", lua.LTrue)
	setProcessFields(object, false, stat.Comm)
	return c.Return(object, began)
}

// brokerHungUp tells whether a client has gone, of which the service is told
// only when the client's call has returned.
func brokerHungUp(c *bind.Call) error {
	var object *lua.LTable
	if err := c.Args(&object); err != nil {
		return err
	}
	client, ok := bind.Part[*control.Conn](object)
	if !ok {
		return exceptions.TypeError.Newf("hung_up: argument 'client': %w", bind.Mismatch("a client's connection", object))
	}
	return c.Return(client.HungUp())
}

// brokerSave keeps the lock, so that no state is seen before it is written, and
// none is written after a later one.
func brokerSave(c *bind.Call) error {
	mode := fs.FileMode(0o600) // there are keys in it
	var path, text string
	if err := c.Args(&path, &text); err != nil {
		return err
	}
	_, err := files.Write(context.Background(), path, strings.NewReader(text), &mode)
	return err
}

// brokerMakeDirectory makes a directory that must not exist, and its parents.
func brokerMakeDirectory(c *bind.Call) error {
	const private = 0o700
	var path string
	if err := c.Args(&path); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), private); err != nil {
		return err
	}
	return os.Mkdir(path, private)
}

func brokerRemoveDirectory(c *bind.Call) error {
	var path string
	if err := c.Args(&path); err != nil {
		return err
	}
	var err error
	c.Unlocked(func(context.Context) { err = os.RemoveAll(path) })
	return err
}

// within opens a directory such that no path leads out of it, by whatever link.
func within(c *bind.Call, directory string, op func(*os.Root) error) (err error) {
	c.Unlocked(func(context.Context) {
		var root *os.Root
		if root, err = os.OpenRoot(directory); err == nil {
			err = op(root)
			root.Close()
		}
	})
	return err
}

func brokerRead(c *bind.Call) error {
	var directory, path string
	if err := c.Args(&directory, &path); err != nil {
		return err
	}
	var text []byte
	err := within(c, directory, func(root *os.Root) (err error) {
		text, err = root.ReadFile(path)
		return err
	})
	if err != nil {
		return err
	}
	return c.Return(string(text))
}

// brokerWrite makes the directories that the file is to be in.
func brokerWrite(c *bind.Call) error {
	const forAll, forAllFiles = 0o755, 0o644
	var directory, path, text string
	if err := c.Args(&directory, &path, &text); err != nil {
		return err
	}
	return within(c, directory, func(root *os.Root) error {
		if err := root.MkdirAll(filepath.Dir(path), forAll); err != nil {
			return err
		}
		return root.WriteFile(path, []byte(text), forAllFiles)
	})
}

// brokerList lists what is in a directory, sorted; the names of directories end
// in a slash.
func brokerList(c *bind.Call) error {
	var directory, path string
	if err := c.Args(&directory, &path); err != nil {
		return err
	}
	names := []string{}
	err := within(c, directory, func(root *os.Root) error {
		entries, err := fs.ReadDir(root.FS(), filepath.Clean(path))
		for _, entry := range entries {
			name := entry.Name()
			if entry.IsDir() {
				name += "/"
			}
			names = append(names, name)
		}
		return err
	})
	if err != nil {
		return err
	}
	return c.Return(names)
}

func brokerBase64(c *bind.Call) error {
	var text string
	if err := c.Args(&text); err != nil {
		return err
	}
	return c.Return(base64.StdEncoding.EncodeToString([]byte(text)))
}

func brokerUnbase64(c *bind.Call) error {
	var text string
	if err := c.Args(&text); err != nil {
		return err
	}
	plain, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return exceptions.TypeError.Newf("wanted a text in base64: %w", err)
	}
	return c.Return(string(plain))
}
