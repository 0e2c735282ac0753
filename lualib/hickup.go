package lualib

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime/pprof"
	"strings"
	"syscall"
	"time"

	lua "github.com/yuin/gopher-lua"

	"avescript/core/process"
	"avescript/lualib/vm"
)

// A hickup file shows what a process is doing: the stack of every Lua thread
// with its locals, the connections of its service, and the stacks of Go's
// goroutines. It is written on SIGUSR1, also while the process is stuck.

// HickupGrace is how long a process may be stuck outside of Lua until its
// hickup file is written without Lua's stacks.
const HickupGrace = 2 * time.Second

// childPrefix begins the names of the processes that a hickup goes on to.
const childPrefix = "ave-"

// writeHickup writes the file and passes the signal on to the children. L is
// one of a posted function.
func writeHickup(L *lua.LState, self *lua.LTable) error {
	var text bytes.Buffer
	vm.Dump(L, &text)
	for _, part := range vm.Of(L).Attached {
		if s, ok := part.(*service); ok {
			text.WriteString(s.describeConnections())
		}
	}
	err := saveHickup(HickupHome(self), self.RawGetString("proc_name").String(), text.Bytes())
	return errors.Join(err, signalChildren())
}

// HickupHome is the directory below which a process's hickup files are, "" for
// that of the user.
func HickupHome(self *lua.LTable) string {
	home, _ := self.RawGetString("home").(lua.LString)
	return string(home)
}

// WriteStuckHickup writes the file without what belongs to Lua.
func WriteStuckHickup(home, name string) error {
	err := saveHickup(home, name, []byte("The interpreter is held by a Go function that does not return.\n\n"))
	return errors.Join(err, signalChildren())
}

// saveHickup writes <home>/.ave/hickup/<time>-<name>-<pid>.
func saveHickup(home, name string, text []byte) error {
	if home == "" {
		var err error
		if home, err = os.UserHomeDir(); err != nil {
			return fmt.Errorf("where to write the hickup file: %w", err)
		}
	}
	dir := filepath.Join(home, ".ave", "hickup")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("write the hickup file: %w", err)
	}
	now := time.Now()
	head := fmt.Sprintf("%s %s %d\n\n", now.Format(time.ANSIC), name, os.Getpid())
	path := filepath.Join(dir, fmt.Sprintf("%s-%s-%d", now.Format("20060102-150405"), strings.ReplaceAll(name, "/", "_"), os.Getpid()))
	file := bytes.NewBuffer(append([]byte(head), text...))
	file.WriteString("Go:\n")
	if err := pprof.Lookup("goroutine").WriteTo(file, 1); err != nil {
		return fmt.Errorf("write the hickup file: %w", err)
	}
	// Under another name until it is whole: whoever waits for it reads it at
	// once.
	if err := os.WriteFile(path+".part", file.Bytes(), 0o644); err != nil {
		return fmt.Errorf("write the hickup file: %w", err)
	}
	return os.Rename(path+".part", path)
}

// signalChildren has the children of this system write their files.
func signalChildren() error {
	children, err := process.Children(os.Getpid())
	if err != nil {
		return err
	}
	for _, child := range children {
		if strings.HasPrefix(child.Comm, childPrefix) {
			_ = syscall.Kill(child.PID, syscall.SIGUSR1)
		}
	}
	return nil
}
