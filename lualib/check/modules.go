package check

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"avescript/lualib/manual"
)

// reach adds the globals that a file and the modules that it loads set. It returns
// false if there may be others that cannot be seen.
func (c *checker) reach(path string, n *names, globals map[string]bool) bool {
	seen, requires := true, 0
	maps.Copy(globals, n.defined)
	for _, g := range n.globals {
		if g.expr.Value == "require" {
			requires++
		}
		if slices.Contains([]string{"_G", "setfenv", "getfenv", "module", "dofile", "loadfile", "loadstring", "load"}, g.expr.Value) {
			seen = false
		}
	}
	for _, call := range n.calls {
		name, ok := n.required(call.FuncCallExpr)
		if !ok {
			continue
		}
		requires--
		if entry, ours := manual.Whole(name); ours && entry.Kind == manual.Module {
			continue
		}
		m := c.module(path, name)
		if m == nil || m.open {
			seen = false
			continue
		}
		maps.Copy(globals, m.globals)
	}
	return seen && requires == 0 // no name is computed
}

// module is what is known about a module that a script requires.
type module struct {
	globals map[string]bool
	open    bool
}

// module reads a module where require finds it: beside the file, or in the working
// directory. It returns nil if the module is elsewhere.
func (c *checker) module(from, name string) *module {
	below := strings.ReplaceAll(name, ".", "/")
	for _, dir := range []string{filepath.Dir(from), "."} {
		for _, suffix := range []string{".lua", "/init.lua"} {
			path := filepath.Join(dir, below+suffix)
			if m := c.modules[path]; m != nil {
				return m
			}
			source, err := os.ReadFile(path)
			if err != nil {
				continue
			}
			m := &module{globals: map[string]bool{}}
			c.modules[path] = m // before it is read, because it may require itself
			n, err := parse(source, path)
			m.open = err != nil || !c.reach(path, n, m.globals)
			return m
		}
	}
	return nil
}
