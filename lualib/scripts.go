package lualib

import (
	"fmt"
	"hash/crc32"
	"io/fs"
	"strconv"
	"strings"
	"sync"

	lua "github.com/yuin/gopher-lua"

	"avescript/lualib/compiled"
	"avescript/lualib/syntax"
)

// The embedded modules are compiled when the program is built: scripts.bin has a line for
// each, and then their binary forms. A module that has changed since is compiled when it is
// used, so that nobody has to think of the file while working; a test fails until
// "make generate" has written it again.

// compiledScript is the line of a module.
type compiledScript struct {
	check uint32 // of its source
	size  int    // of its binary form
	begin int    // where that is
}

// compiledIndex is the first part of scripts.bin, by the modules' files.
var compiledIndex = sync.OnceValue(func() map[string]compiledScript {
	lines, _, _ := strings.Cut(compiledScripts, "\n\n")
	index := map[string]compiledScript{}
	begin := len(lines) + len("\n\n")
	for line := range strings.Lines(lines) {
		fields := strings.Fields(line)
		check, errCheck := strconv.ParseUint(fields[1], 16, 32)
		size, errSize := strconv.Atoi(fields[2])
		if errCheck != nil || errSize != nil {
			panic("scripts.bin: " + line) // a test makes it
		}
		index[fields[0]] = compiledScript{uint32(check), size, begin}
		begin += size
	}
	return index
})

// compileScript makes the prototype of an embedded module. The error is fs.ErrNotExist if
// there is none.
func compileScript(file string) (*lua.FunctionProto, []byte, error) {
	source, err := scripts.ReadFile("lua/" + file)
	if err != nil {
		return nil, nil, err
	}
	if s, ok := compiledIndex()[file]; ok && s.check == crc32.ChecksumIEEE(source) {
		return compiled.Decode(compiledScripts[s.begin : s.begin+s.size]), source, nil
	}
	proto, err := syntax.Compile(source, file)
	return proto, source, err
}

// compileScripts makes scripts.bin.
func compileScripts() ([]byte, error) {
	var lines, data []byte
	err := fs.WalkDir(scripts, "lua", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		source, err := scripts.ReadFile(path)
		if err != nil {
			return err
		}
		file := strings.TrimPrefix(path, "lua/")
		proto, err := syntax.Compile(source, file)
		if err != nil {
			return err
		}
		form, err := compiled.Encode(proto)
		if err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
		lines = fmt.Appendf(lines, "%s %x %d\n", file, crc32.ChecksumIEEE(source), len(form))
		data = append(data, form...)
		return nil
	})
	return append(append(lines, '\n'), data...), err
}
