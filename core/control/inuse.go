package control

import (
	"runtime"
	"sync"
)

// inUse has the keys of all services and clients of this program. They must not appear
// in a dump.
var inUse struct {
	sync.Mutex
	keys map[uint64][]string
	last uint64
}

// KeysInUse returns the keys of all services and clients of this program.
func KeysInUse() (keys []string) {
	inUse.Lock()
	defer inUse.Unlock()
	for _, held := range inUse.keys {
		keys = append(keys, held...)
	}
	return keys
}

// holdKeys remembers keys as long as anything refers to holder.
func holdKeys[T any](holder *T, keys []string) {
	inUse.Lock()
	defer inUse.Unlock()
	if inUse.keys == nil {
		inUse.keys = map[uint64][]string{}
	}
	inUse.last++
	inUse.keys[inUse.last] = keys
	runtime.AddCleanup(holder, releaseKeys, inUse.last)
}

func releaseKeys(id uint64) {
	inUse.Lock()
	defer inUse.Unlock()
	delete(inUse.keys, id)
}
