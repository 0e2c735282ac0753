package network

import (
	"context"
	"fmt"
	"io/fs"
	"strconv"
	"time"

	lua "github.com/yuin/gopher-lua"
	"golang.org/x/sys/unix"

	"avescript/core/exceptions"
	"avescript/core/fdtx"
	"avescript/lualib/bind"
)

// FdTxModule is ave.network.fdtx: it passes open descriptors between processes.
var FdTxModule = bind.Module{
	Name:    "ave.network.fdtx",
	Funcs:   []bind.Fn{bind.Func("close_fd", "fd", fdtxCloseFd)},
	Classes: []*bind.Class{&fdtxClass},
}

// fdtxClass is FdTx: one side of a transfer.
var fdtxClass = bind.Class{
	Name:   "FdTx",
	Params: "so_path?",
	Init:   initFdTx,
	Methods: []bind.Fn{
		bind.Func("accept", "timeout?, uid?", fdtxAccept),
		bind.Func("close", "", fdtxClose),
		bind.Func("connect", "path, timeout?, uid?", fdtxConnect),
		bind.Func("get", "max_msg_len, max_fds, timeout?", fdtxGet),
		bind.Func("get_exactly", "msg_len, fds, timeout?", fdtxGetExactly),
		bind.Func("listen", "dirname, filename?, options?", fdtxListen),
		bind.Func("put", "message, ...", fdtxPut),
	},
	Meta: map[string]lua.LGFunction{"__tostring": fdtxToString},
}

// initFdTx ignores its argument: in the document it is the path of a C library.
func initFdTx(c *bind.Call) error {
	var soPath string
	if err := c.Args(&soPath); err != nil {
		return err
	}
	bind.Attach(c.Self, fdtx.New())
	return nil
}

// users are the uids that a peer may have: one, or the default if it is nil.
type users []int

func (u *users) UnpackLua(L *lua.LState, v lua.LValue) error {
	var uid int
	if err := bind.Unpack(L, v, &uid); err != nil || uid < 0 {
		return bind.Wanted("the number of a user")
	}
	*u = users{uid}
	return nil
}

// permissions are written in octal digits, as for chmod; Lua has no octal numbers.
type permissions fs.FileMode

func (p *permissions) UnpackLua(_ *lua.LState, v lua.LValue) error {
	text, ok := v.(lua.LString)
	mode, err := strconv.ParseUint(string(text), 8, 9)
	if !ok || err != nil || mode == 0 {
		return bind.Wanted(`permissions in octal digits such as "0660"`)
	}
	*p = permissions(mode)
	return nil
}

func fdtxAccept(c *bind.Call) error {
	var limit bind.Seconds
	var uids users
	return bind.WithPart(c, func(ctx context.Context, t *fdtx.FdTx) error {
		return t.Accept(ctx, limit.Timeout(), uids...)
	}, &limit, &uids)
}

func fdtxClose(c *bind.Call) error {
	return bind.WithPart(c, func(_ context.Context, t *fdtx.FdTx) error { return t.Close() })
}

func fdtxConnect(c *bind.Call) error {
	var path string
	var limit bind.Seconds
	var uids users
	return bind.WithPart(c, func(ctx context.Context, t *fdtx.FdTx) error {
		return t.Connect(ctx, path, limit.Timeout(), uids...)
	}, &path, &limit, &uids)
}

func fdtxListen(c *bind.Call) error {
	var dir, name, path string
	var options struct {
		Mode    permissions `lua:"mode"`
		DirMode permissions `lua:"dir_mode"`
	}
	err := bind.WithPart(c, func(_ context.Context, t *fdtx.FdTx) (err error) {
		path, err = t.Listen(dir, name, fdtx.ListenOptions{
			Mode:    fs.FileMode(options.Mode),
			DirMode: fs.FileMode(options.DirMode),
		})
		return err
	}, &dir, &name, &options)
	if err != nil {
		return err
	}
	return c.Return(path)
}

func fdtxPut(c *bind.Call) error {
	var message string
	given := make([]bind.Descriptor, max(0, c.Len()-1))
	into := []any{&message}
	for i := range given {
		if v := c.Arg(i + 2); v == lua.LNil { // Args would skip it
			return exceptions.TypeError.Newf("FdTx:put: descriptor %d: %w", i+1, bind.Mismatch("a number or an object", v))
		}
		into = append(into, &given[i])
	}
	return bind.WithPart(c, func(ctx context.Context, t *fdtx.FdTx) error {
		var fds []int
		for _, fd := range given {
			fds = append(fds, int(fd))
		}
		return t.Put(ctx, []byte(message), fds, fdtx.Forever)
	}, into...)
}

func fdtxGet(c *bind.Call) error { return fdtxReceive(c, (*fdtx.FdTx).Get) }

func fdtxGetExactly(c *bind.Call) error { return fdtxReceive(c, (*fdtx.FdTx).GetExactly) }

// fdtxReceive closes the descriptors if the script is interrupted before it gets
// them.
func fdtxReceive(c *bind.Call, get func(t *fdtx.FdTx, ctx context.Context, length, count int, limit time.Duration) ([]byte, []int, error)) error {
	var length, count int
	var limit bind.Seconds
	var message []byte
	var fds []int
	defer func() { fdtx.CloseAll(fds) }()
	err := bind.WithPart(c, func(ctx context.Context, t *fdtx.FdTx) (err error) {
		message, fds, err = get(t, ctx, length, count, limit.Timeout())
		return err
	}, &length, &count, &limit)
	if err != nil {
		return err
	}
	list := c.L.CreateTable(len(fds), 0)
	for _, fd := range fds {
		list.Append(lua.LNumber(fd))
	}
	fds = nil
	return c.Return(message, list)
}

// fdtxCloseFd closes a descriptor that does not belong to an object.
func fdtxCloseFd(c *bind.Call) error {
	var fd int
	if err := c.Args(&fd); err != nil {
		return err
	}
	if err := unix.Close(fd); err != nil {
		return fmt.Errorf("close descriptor %d: %w", fd, err)
	}
	return nil
}

func fdtxToString(L *lua.LState) int {
	t, ok := bind.Part[*fdtx.FdTx](L.Get(1))
	if !ok {
		return bind.Show(L, bind.Uninitialized)
	}
	return bind.Show(L, t.State())
}
