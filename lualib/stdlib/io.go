package stdlib

import (
	"context"
	"os"
	"os/exec"
	"strings"

	lua "github.com/yuin/gopher-lua"
	"golang.org/x/sys/unix"
)

// The io library: the functions of its table. Those of a file are in
// filemethods.go.

// bufferSize is the default of setvbuf.
const bufferSize = 8192

func (lib *library) openIO(L *lua.LState) {
	lib.fileMeta = L.NewTypeMetatable("FILE*")
	lib.fileMeta.RawSetString("__index", lib.fileMeta)
	setFunctions(L, lib.fileMeta, lib.fileMethods())

	module := L.GetGlobal("io").(*lua.LTable)
	setFunctions(L, module, []function{
		{"close", lib.ioClose},
		{"flush", lib.ioFlush},
		{"input", lib.ioInput},
		{"lines", lib.ioLines},
		{"open", lib.ioOpen},
		{"output", lib.ioOutput},
		{"popen", lib.ioPopen},
		{"read", lib.ioRead},
		{"tmpfile", lib.ioTmpfile},
		{"type", ioType},
		{"write", lib.ioWrite},
	})

	lib.stdin = lib.standard(lib.newFile(lib.host.Stdin, true, false))
	lib.stdout = lib.standard(lib.newFile(lib.host.Stdout, false, true))
	lib.stderr = lib.standard(lib.newFile(lib.host.Stderr, false, true))
	module.RawSetString("stdin", lib.stdin)
	module.RawSetString("stdout", lib.stdout)
	module.RawSetString("stderr", lib.stderr)
	lib.input, lib.output = lib.stdin, lib.stdout
}

func (lib *library) standard(f *file) *lua.LUserData {
	f.std = true
	return lib.userData(f)
}

func (lib *library) userData(f *file) *lua.LUserData {
	return &lua.LUserData{Value: f, Metatable: lib.fileMeta}
}

// openFile opens a file as fopen does. It may block on a named pipe.
func (lib *library) openFile(L *lua.LState, name, mode string) (ud *lua.LUserData, err error) {
	flags, readable, writable, err := openFlags(mode)
	if err != nil {
		return nil, err
	}
	var opened *os.File
	lib.host.Unlocked(L, func(context.Context) { opened, err = os.OpenFile(name, flags, 0o666) })
	if err != nil {
		return nil, err
	}
	lib.tellOpened(L, opened)
	return lib.userData(lib.newFile(opened, readable, writable)), nil
}

// tellOpened reports a file's descriptor to the host. Unlike Fd, it leaves the file
// non-blocking.
func (lib *library) tellOpened(L *lua.LState, f *os.File) {
	if lib.host.Opened == nil {
		return
	}
	if raw, err := f.SyscallConn(); err == nil {
		_ = raw.Control(func(fd uintptr) { lib.host.Opened(L, int(fd)) })
	}
}

// openFlags reads a mode of fopen: r, w or a, followed by + for both directions, x
// for a new file, and letters without meaning here.
func openFlags(mode string) (flags int, readable, writable bool, err error) {
	switch {
	case strings.HasPrefix(mode, "r"):
		readable = true
	case strings.HasPrefix(mode, "w"):
		writable = true
		flags = os.O_CREATE | os.O_TRUNC
	case strings.HasPrefix(mode, "a"):
		writable = true
		flags = os.O_CREATE | os.O_APPEND
	default:
		return 0, false, false, unix.EINVAL
	}
	if strings.Contains(mode, "x") {
		flags |= os.O_EXCL
	}
	switch {
	case strings.Contains(mode, "+"):
		return flags | os.O_RDWR, true, true, nil
	case writable:
		flags |= os.O_WRONLY
	}
	return flags, readable, writable, nil
}

func (lib *library) ioOpen(a args) int {
	name, mode := a.string(1), a.stringOr(2, "r")
	ud, err := lib.openFile(a.L, name, mode)
	if err != nil {
		return a.pushError(err, name)
	}
	a.L.Push(ud)
	return 1
}

func (lib *library) ioTmpfile(a args) int {
	opened, err := os.CreateTemp("", "lua_")
	if err != nil {
		return a.pushError(err)
	}
	if err := os.Remove(opened.Name()); err != nil {
		opened.Close()
		return a.pushError(err)
	}
	lib.tellOpened(a.L, opened)
	a.L.Push(lib.userData(lib.newFile(opened, true, true)))
	return 1
}

// ioPopen starts a shell command. It is waited for from the start, so that it
// leaves no zombie even if the file is never closed.
func (lib *library) ioPopen(a args) int {
	command, mode := a.string(1), a.stringOr(2, "r")
	if mode != "r" && mode != "w" {
		return a.pushError(unix.EINVAL, command)
	}
	lib.flush(a.L)
	reading, writing, err := os.Pipe()
	if err != nil {
		return a.pushError(err, command)
	}
	cmd := lib.shell(command)
	ours, childs := reading, writing
	if mode == "r" {
		cmd.Stdout = writing
	} else {
		ours, childs = writing, reading
		cmd.Stdin = reading
	}
	err = lib.host.Start(cmd.Start)
	childs.Close()
	if err != nil {
		ours.Close()
		return a.pushError(err, command)
	}
	lib.tellOpened(a.L, ours)
	if lib.host.Started != nil {
		lib.host.Started(a.L, cmd.Process.Pid)
	}
	f := lib.newFile(ours, mode == "r", mode == "w")
	done := make(chan struct{})
	f.child = done
	release := lib.host.Own(cmd.Process.Pid)
	go func() {
		defer close(done)
		defer release()
		lib.host.Await(cmd.Process.Pid)
		_ = cmd.Wait() // the status is not reported, as in Lua 5.1
	}()
	a.L.Push(lib.userData(f))
	return 1
}

// shell returns a command on the host's streams. An input that is not a file is not
// passed on, because waiting for the command would wait for the end of the input.
func (lib *library) shell(command string) *exec.Cmd {
	cmd := exec.Command("/bin/sh", "-c", command)
	if stdin := lib.stdin.Value.(*file).os; stdin != nil {
		cmd.Stdin = stdin
	}
	cmd.Stdout = lib.stdout.Value.(*file).forChild()
	cmd.Stderr = lib.stderr.Value.(*file).forChild()
	return cmd
}

func (lib *library) ioInput(a args) int  { return lib.redirect(a, &lib.input, "r") }
func (lib *library) ioOutput(a args) int { return lib.redirect(a, &lib.output, "w") }

// redirect changes a default file to an open file or to one that is given by name,
// and returns the default file.
func (lib *library) redirect(a args, current **lua.LUserData, mode string) int {
	if !a.absent(1) {
		if name, ok := toString(a.L.Get(1)); ok {
			*current = lib.mustOpen(a, name, mode)
		} else {
			a.file(1)
			*current = a.L.Get(1).(*lua.LUserData)
		}
	}
	a.L.Push(*current)
	return 1
}

func (lib *library) mustOpen(a args, name, mode string) *lua.LUserData {
	ud, err := lib.openFile(a.L, name, mode)
	if err != nil {
		text, _ := cError(err)
		a.reject(1, name+": "+text)
	}
	return ud
}

// ioLines closes a file that it has opened after the last line.
func (lib *library) ioLines(a args) int {
	if a.absent(1) {
		a.L.Push(linesOf(a.L, a.mustBeOpen(lib.input.Value.(*file)), false))
		return 1
	}
	ud := lib.mustOpen(a, a.string(1), "r")
	a.L.Push(linesOf(a.L, ud.Value.(*file), true))
	return 1
}

func (lib *library) defaultFile(a args, ud *lua.LUserData, which string) *file {
	f := ud.Value.(*file)
	if f.closed {
		a.fail("standard %s file is closed", which)
	}
	return f
}

func (lib *library) ioRead(a args) int {
	return a.readFile(lib.defaultFile(a, lib.input, "input"), 1)
}

func (lib *library) ioWrite(a args) int {
	return a.writeFile(lib.defaultFile(a, lib.output, "output"), 1)
}

func (lib *library) ioFlush(a args) int {
	f := lib.defaultFile(a, lib.output, "output")
	return a.pushDone(f.do(a.L, f.flush))
}

func (lib *library) ioClose(a args) int {
	if a.top() > 0 {
		return a.closeFile(a.file(1))
	}
	return a.closeFile(a.mustBeOpen(lib.output.Value.(*file)))
}

func ioType(a args) int {
	a.any(1)
	ud, ok := a.L.Get(1).(*lua.LUserData)
	if !ok {
		a.L.Push(lua.LNil)
		return 1
	}
	f, ok := ud.Value.(*file)
	switch {
	case !ok:
		a.L.Push(lua.LNil)
		return 1
	case f.closed:
		return a.pushString("closed file")
	}
	return a.pushString("file")
}
