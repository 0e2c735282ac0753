package bundler

import (
	"maps"
	"slices"

	"avescript/lualib"
	"avescript/lualib/check"
	"avescript/lualib/vm"
)

// Modules finds the files of modules that scripts require. What it has found of a file is
// kept, so many scripts may require the same ones.
type Modules struct {
	New    func(script string) *vm.VM // an interpreter in which require finds the modules of a script
	vms    map[string]*vm.VM          // by directory
	direct map[string][]string        // the modules of each file
}

// Close ends the interpreters.
func (m *Modules) Close() {
	for _, v := range m.vms {
		v.Finish()
		v.Close()
	}
}

// Of returns the files of the modules that a script in a directory requires, and of those
// that they require, sorted. Modules of avescript are left out. So are those that are not
// found, or whose names are computed, and all that is not valid Lua: who runs the script
// says so.
func (m *Modules) Of(script, dir string) []string {
	found := map[string]bool{}
	m.follow(script, dir, found)
	delete(found, script)
	return slices.Sorted(maps.Keys(found))
}

func (m *Modules) follow(file, dir string, found map[string]bool) {
	if found[file] {
		return
	}
	found[file] = true
	for _, required := range m.required(file, dir) {
		m.follow(required, dir, found)
	}
}

// required is what a file requires itself.
func (m *Modules) required(file, dir string) []string {
	key := dir + "\x00" + file
	if list, known := m.direct[key]; known {
		return list
	}
	if m.direct == nil {
		m.vms, m.direct = map[string]*vm.VM{}, map[string][]string{}
	}
	var list []string
	if source, err := readSource(file); err == nil {
		modules, _, _ := check.Requires(source.Content, file)
		for _, r := range modules {
			if path := m.Find(r.Name, file, dir); path != "" {
				list = append(list, path)
			}
		}
	}
	m.direct[key] = list
	return list
}

// Find is the file of a module that a script in a directory requires, or "".
func (m *Modules) Find(name, script, dir string) string {
	if m.vms == nil {
		m.vms, m.direct = map[string]*vm.VM{}, map[string][]string{}
	}
	v := m.vms[dir]
	if v == nil {
		v = m.New(script)
		m.vms[dir] = v
	}
	if lualib.IsOwn(v, name) {
		return ""
	}
	path, _ := v.FindModule(name)
	return path
}
