package lualib

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
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
	if s, ok := vm.Of(L).Attached[serviceKey{self}].(*service); ok {
		text.WriteString(s.describeConnections())
	}
	home, _ := self.RawGetString("home").(lua.LString)
	err := saveHickup(string(home), self.RawGetString("proc_name").String(), text.Bytes())
	return errors.Join(err, signalChildren())
}

// WriteStuckHickup writes the file without what belongs to Lua.
func WriteStuckHickup(name string) error {
	err := saveHickup("", name, []byte("The interpreter is held by a Go function that does not return.\n\n"))
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
	text = append(append([]byte(head), text...), "Go:\n"+goroutines()...)
	// Under another name until it is whole: whoever waits for it reads it at
	// once.
	if err := os.WriteFile(path+".part", text, 0o644); err != nil {
		return fmt.Errorf("write the hickup file: %w", err)
	}
	return os.Rename(path+".part", path)
}

func goroutines() string {
	buf := make([]byte, 1<<20)
	return string(buf[:runtime.Stack(buf, true)])
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
