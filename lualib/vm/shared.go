package vm

import (
	"bytes"
	"container/list"
	"hash/maphash"
	"sync"

	lua "github.com/yuin/gopher-lua"

	"avescript/lualib/syntax"
)

// sharedChunk is a chunk that is compiled once for several interpreters. Nothing in its
// prototypes changes.
type sharedChunk struct {
	*Chunk
	proto *lua.FunctionProto
	paths func() map[*lua.FunctionProto][]int // of all prototypes, as in Origin; made at the first use
}

func newSharedChunk(proto *lua.FunctionProto, chunk *Chunk) *sharedChunk {
	return &sharedChunk{chunk, proto, sync.OnceValue(func() map[*lua.FunctionProto][]int {
		paths := map[*lua.FunctionProto][]int{}
		collectPaths(paths, proto, nil)
		return paths
	})}
}

func collectPaths(paths map[*lua.FunctionProto][]int, proto *lua.FunctionProto, path []int) {
	paths[proto] = path
	for i, inner := range proto.FunctionPrototypes {
		collectPaths(paths, inner, append(path[:len(path):len(path)], i))
	}
}

// programChunks are the chunks that are part of the program, by their names.
var programChunks sync.Map // name -> *sharedChunk

// LoadShared makes a function of a chunk that is part of the program. It is compiled once
// for all interpreters, which find it by its name.
func (vm *VM) LoadShared(name string, compile func() (proto *lua.FunctionProto, source []byte, err error)) (*lua.LFunction, error) {
	known, ok := programChunks.Load(name)
	if !ok {
		proto, source, err := compile()
		if err != nil {
			return nil, err
		}
		known, _ = programChunks.LoadOrStore(name, newSharedChunk(proto, &Chunk{Name: name, Source: source, program: true}))
	}
	return vm.main.NewFunctionFromProto(known.(*sharedChunk).proto), nil
}

// LoadModule compiles a file that other interpreters of this process may load, too: it is
// compiled once for each content. As long as the interpreter exists, the chunk stays in
// memory, so it is not for files that a script loads again and again.
func (vm *VM) LoadModule(path string) (*lua.LFunction, error) {
	source, err := readSource(path)
	if err != nil {
		return nil, err
	}
	shared, err := files.compile(path, source)
	if err != nil {
		return nil, err
	}
	if vm.chunks.addShared(shared) && vm.counting != nil {
		vm.counting.add(shared.proto, shared.Chunk)
	}
	return vm.main.NewFunctionFromProto(shared.proto), nil
}

// files has what LoadModule has compiled.
var files = fileCache{entries: map[fileKey]*list.Element{}, seed: maphash.MakeSeed()}

// mostCached limits the source text of the files in a cache. Their prototypes take about
// 30 times as much.
const mostCached = 2 << 20

type fileKey struct {
	name string
	hash uint64
}

// fileCache has the files that were used last.
type fileCache struct {
	seed maphash.Seed

	mu      sync.Mutex
	entries map[fileKey]*list.Element
	order   list.List // of *cachedFile, the last used first
	size    int       // of all sources
}

type cachedFile struct {
	key     fileKey
	source  []byte
	compile func() (*sharedChunk, error)
}

// compile compiles a file, unless it is in the cache.
func (c *fileCache) compile(name string, source []byte) (*sharedChunk, error) {
	return c.entry(name, source).compile()
}

// entry finds or makes the entry of a file. The file is compiled without the lock.
func (c *fileCache) entry(name string, source []byte) *cachedFile {
	key := fileKey{name, maphash.Bytes(c.seed, source)}
	c.mu.Lock()
	defer c.mu.Unlock()
	if known, ok := c.entries[key]; ok && bytes.Equal(known.Value.(*cachedFile).source, source) {
		c.order.MoveToFront(known)
		return known.Value.(*cachedFile)
	}
	file := &cachedFile{key: key, source: source}
	file.compile = sync.OnceValues(func() (*sharedChunk, error) {
		proto, err := syntax.Compile(source, name)
		if err != nil {
			return nil, err
		}
		return newSharedChunk(proto, &Chunk{Name: name, Source: source}), nil
	})
	c.add(file)
	return file
}

// add adds an entry, and removes those that were not used for the longest time.
func (c *fileCache) add(file *cachedFile) {
	if old, ok := c.entries[file.key]; ok { // another file with the same hash
		c.remove(old)
	}
	if len(file.source) > mostCached {
		return
	}
	c.entries[file.key] = c.order.PushFront(file)
	c.size += len(file.source)
	for c.size > mostCached {
		c.remove(c.order.Back())
	}
}

func (c *fileCache) remove(entry *list.Element) {
	file := c.order.Remove(entry).(*cachedFile)
	delete(c.entries, file.key)
	c.size -= len(file.source)
}
