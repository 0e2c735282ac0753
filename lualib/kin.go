package lualib

import (
	"context"
	"fmt"
	"maps"
	"os"
	"slices"
	"sync"
	"time"

	lua "github.com/yuin/gopher-lua"

	"avescript/core/process"
	"avescript/lualib/vm"
)

// kin are the processes that the scripts of an interpreter have started and that
// live. When a service is handed over they go with it: see [process.Entrust].
type kin struct {
	mu     sync.Mutex
	living map[int]kinsman // by pid
}

type kinsman struct {
	Pid      int    `json:"pid"`
	Name     string `json:"name"`
	process  startedProcess
	lifeline *os.File
}

// adopted is the Go part of a Process that another service has started.
type adopted struct{ *process.Daemon }

type kinKey struct{}

func kinOf(L *lua.LState) *kin {
	attached := vm.Of(L).Attached
	k, ok := attached[kinKey{}].(*kin)
	if !ok {
		k = &kin{living: map[int]kinsman{}}
		attached[kinKey{}] = k
	}
	return k
}

// add owns the lifeline.
func (k *kin) add(relative kinsman) {
	k.mu.Lock()
	k.living[relative.Pid] = relative
	k.mu.Unlock()
	go func() {
		<-relative.process.Ended()
		k.mu.Lock()
		delete(k.living, relative.Pid)
		k.mu.Unlock()
		relative.lifeline.Close()
	}()
}

// entrust has all of them rely on their lifelines, and gives those that live.
func (k *kin) entrust(ctx context.Context, timeout time.Duration) ([]kinsman, error) {
	k.mu.Lock()
	all := slices.Collect(maps.Values(k.living))
	k.mu.Unlock()
	var entrusting sync.WaitGroup
	failed := make(chan error, len(all))
	for _, relative := range all {
		entrusting.Go(func() {
			if err := process.Entrust(ctx, relative.lifeline, timeout); err != nil && relative.process.Alive() {
				failed <- fmt.Errorf("process %d, %s: %w", relative.Pid, relative.Name, err)
			}
		})
	}
	entrusting.Wait()
	select {
	case err := <-failed:
		return nil, err
	default:
	}
	return slices.DeleteFunc(all, func(r kinsman) bool { return !r.process.Alive() }), nil
}
