// Package broker has the functions in Go for the module ave.broker, which is
// written in Lua.
package broker

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	lua "github.com/yuin/gopher-lua"
	"golang.org/x/sys/unix"

	"avescript/core/exceptions"
	"avescript/lualib/bind"
	"avescript/lualib/modules/process"
	"avescript/lualib/modules/service"
)

// Host has the functions in Go for the module ave.broker.
var Host = bind.Module{
	Name: "ave.broker.host",
	Funcs: []bind.Fn{
		bind.Func("account", "name?", hostAccount),
		bind.Func("apart", "fn", hostApart),
		bind.Func("base64", "text", hostBase64),
		bind.Func("bell", "", hostBell),
		bind.Func("clear_parts", "path", hostClearParts),
		bind.Func("clock", "", hostClock),
		bind.Func("find", "pid, start?", hostFind),
		bind.Func("give", "path, account", hostGive),
		bind.Func("help", "words, text", hostHelp),
		bind.Func("hung_up", "client", hostHungUp),
		bind.Func("index", "", hostIndex),
		bind.Func("keep", "path, name", hostKeep),
		bind.Func("lab", "", hostLab),
		bind.Func("list", "directory, path", hostList),
		bind.Func("listens", "service", hostListens),
		bind.Func("loopback", "address", hostLoopback),
		bind.Func("make_directory", "path", hostMakeDirectory),
		bind.Func("open_store", "path, content?", hostOpenStore),
		bind.Func("read", "directory, path", hostRead),
		bind.Func("remove_directory", "path", hostRemoveDirectory),
		bind.Func("rename", "from, to", hostRename),
		bind.Func("secret", "", hostSecret),
		bind.Func("silence", "client", hostSilence),
		bind.Func("tick", "service, interval", hostTick),
		bind.Func("unbase64", "text", hostUnbase64),
		bind.Func("write", "directory, path, text", hostWrite),
	},
}

// hostClock returns seconds of a clock that never jumps and is the same in all
// processes of this host.
func hostClock(c *bind.Call) error {
	if err := c.Args(); err != nil {
		return err
	}
	var now unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &now); err != nil {
		return fmt.Errorf("cannot read the clock: %w", err)
	}
	return c.Return(float64(now.Nano()) / float64(time.Second))
}

// hostSecret returns a random key.
func hostSecret(c *bind.Call) error {
	if err := c.Args(); err != nil {
		return err
	}
	return c.Return(rand.Text())
}

// hostTick makes a service call its method tick regularly, however busy it is.
func hostTick(c *bind.Call) error {
	var object *lua.LTable
	var interval bind.Seconds
	if err := c.Args(&object, &interval); err != nil {
		return err
	}
	return service.CallRegularly(c.L, object, "tick", interval.Or(time.Second))
}

// hostFind opens any running process as if it were adopted. Its start time says
// which process is meant, and is returned too. Returns nil if that process has
// ended.
func hostFind(c *bind.Call) error {
	var pid int
	var start string
	if err := c.Args(&pid, &start); err != nil {
		return err
	}
	object, began, err := process.Find(c.L, pid, start)
	if err != nil || object == nil {
		return err
	}
	return c.Return(object, began)
}

// hostHungUp tells whether a client has disconnected. The service itself is only
// told of that after the client's call has returned.
func hostHungUp(c *bind.Call) error {
	var object *lua.LTable
	if err := c.Args(&object); err != nil {
		return err
	}
	client, err := clientOf(object)
	if err != nil {
		return err
	}
	return c.Return(client.HungUp())
}

// hostSilence returns for how many seconds a client has made no call; 0 while one is
// served.
func hostSilence(c *bind.Call) error {
	var object *lua.LTable
	if err := c.Args(&object); err != nil {
		return err
	}
	client, err := clientOf(object)
	if err != nil {
		return err
	}
	return c.Return(client.Silence().Seconds())
}

// hostMakeDirectory makes a directory, which must not exist, and its parents, which
// other accounts may enter.
func hostMakeDirectory(c *bind.Call) error {
	const private, passable = 0o700, 0o711
	var path string
	if err := c.Args(&path); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), passable); err != nil {
		return err
	}
	return os.Mkdir(path, private)
}

func hostRemoveDirectory(c *bind.Call) error {
	var path string
	if err := c.Args(&path); err != nil {
		return err
	}
	var err error
	c.Unlocked(func(context.Context) { err = os.RemoveAll(path) })
	return err
}

// within opens a directory so that no path leads out of it, not even through a
// symbolic link.
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

func hostRead(c *bind.Call) error {
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

// hostWrite writes a file, and makes missing directories.
func hostWrite(c *bind.Call) error {
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

// hostList returns the names in a directory, sorted; those of directories end in a
// slash.
func hostList(c *bind.Call) error {
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

func hostBase64(c *bind.Call) error {
	var text string
	if err := c.Args(&text); err != nil {
		return err
	}
	return c.Return(base64.StdEncoding.EncodeToString([]byte(text)))
}

func hostUnbase64(c *bind.Call) error {
	var text string
	if err := c.Args(&text); err != nil {
		return err
	}
	plain, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return exceptions.TypeError.Newf("wanted a string in base64: %w", err)
	}
	return c.Return(string(plain))
}
