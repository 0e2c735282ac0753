package task

import (
	"context"
	"fmt"
	"time"

	lua "github.com/yuin/gopher-lua"

	"avescript/core/printable"
	"avescript/lualib/stdlib"
	"avescript/lualib/vm"
)

const (
	taskGrace    = 3 * time.Second // for tasks that are still running when a script ends
	keptFailures = 100             // failures that nothing has joined yet
)

// tasks are the tasks of an interpreter, and the failed ones. They must not outlive
// their script.
type tasks struct {
	running map[*task]struct{}
	failed  []*task
}

var keptTasks = vm.Keep(func(L *lua.LState) *tasks {
	all := &tasks{running: map[*task]struct{}{}}
	stdlib.OnExitFirst(L, func(L *lua.LState, abrupt bool) {
		if !abrupt { // they end with the process
			all.end(L)
		}
	})
	return all
})

// keep remembers a failed task until the script ends.
func (all *tasks) keep(t *task) {
	if len(all.failed) == keptFailures {
		all.failed = all.failed[1:]
	}
	all.failed = append(all.failed, t)
}

// end cancels the tasks that are still running, and reports failed tasks that
// nothing has joined.
func (all *tasks) end(L *lua.LState) {
	var left []*task
	for t := range all.running {
		t.cancel(errCancelled)
		left = append(left, t)
	}
	vm.Unlocked(L, func(context.Context) {
		limit := time.After(taskGrace)
		for _, t := range left {
			select {
			case <-t.done:
			case <-limit:
				return
			}
		}
	})
	for _, t := range all.failed {
		if !t.told {
			fmt.Fprintf(vm.Of(L).Stderr(), "avescript: a task failed, and nothing joined it: %s\n", printable.Lines(t.err.Error(), printable.Indent))
		}
	}
	all.failed = nil
}
