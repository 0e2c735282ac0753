package process

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"strings"
	"time"

	lua "github.com/yuin/gopher-lua"

	"avescript/core/hickup"
	"avescript/core/printable"
	"avescript/core/secret"
	"avescript/lualib/vm"
)

// AnswerHickups calls write for every signal, between two instructions of the
// script or while all of it waits. The script continues even if write fails. If a
// Go function holds the interpreter's lock, the file contains only Go's stacks.
func AnswerHickups(v *vm.VM, home, name string, signals <-chan os.Signal, write func(L *lua.LState) error) {
	report := func(err error) {
		if err != nil {
			fmt.Fprintf(os.Stderr, "%s: SIGUSR1: %s\n", printable.Line(name), printable.Lines(err.Error(), printable.Indent))
		}
	}
	for range signals {
		done := make(chan struct{})
		v.Post(func(L *lua.LState) {
			defer close(done)
			report(vm.Within(L, context.Background(), write))
		}, report)
		select {
		case <-done:
		case <-time.After(hickup.Grace):
			report(hickup.Write(home, name, []byte(stuck)))
			<-done
		}
	}
}

// stuck is written to a hickup file in place of the Lua stacks.
const stuck = "No Lua stacks: a Go function is blocking the interpreter.\n\n"

// WriteHickup writes the hickup file of a process: the stack of every Lua thread
// with its locals, in which keys are masked, and the connections of its services. L
// is the state of a posted function.
func WriteHickup(L *lua.LState, home, name string, keys []string) error {
	var text bytes.Buffer
	keys = append(hickup.Keys(home), keys...)
	var more []string
	for _, part := range hickupParts.Of(L) {
		text, known := part()
		more, keys = append(more, text), append(keys, known...)
	}
	vm.Dump(L, &text, secret.NewMask(keys))
	text.WriteString(strings.Join(more, ""))
	return hickup.Write(home, name, text.Bytes())
}

// HickupPart returns a part of a hickup file, and keys to mask in the locals of Lua
// threads.
type HickupPart func() (text string, keys []string)

// hickupParts are the parts of an interpreter's hickup files, by owner.
var hickupParts = vm.Keep(func(*lua.LState) map[any]HickupPart { return map[any]HickupPart{} })

// AddToHickup adds what owner is doing to the hickup files of the process; with nil
// it removes that part.
func AddToHickup(L *lua.LState, owner any, part HickupPart) {
	if part == nil {
		delete(hickupParts.Of(L), owner)
		return
	}
	hickupParts.Of(L)[owner] = part
}

// keysOf returns the keys of the object that the process runs. It need not be a
// service yet.
func keysOf(self *lua.LTable) (keys []string) {
	add := func(v lua.LValue) {
		if key, ok := v.(lua.LString); ok {
			keys = append(keys, string(key))
		}
	}
	add(self.RawGetString("authkey"))
	if accounts, ok := self.RawGetString("alt_keys").(*lua.LTable); ok {
		accounts.ForEach(func(_, key lua.LValue) { add(key) })
	}
	return keys
}

// HickupHome returns the directory above a process's hickup files; "" means the
// user's home.
func HickupHome(self *lua.LTable) string {
	home, _ := self.RawGetString("home").(lua.LString)
	return string(home)
}
