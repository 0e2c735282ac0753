// Package bundler finds everything that belongs into the program for a script: the modules
// that it requires, and the modules that they require.
//
// Modules are found where require finds them when the script is run from the same
// directory: beside the script, and along package.path. Those of avescript itself are in
// every program.
package bundler

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"avescript/core/bundle"
	"avescript/core/suggest"
	"avescript/lualib"
	"avescript/lualib/check"
	"avescript/lualib/vm"
)

// Options say what goes into a program, in addition to the modules that are found.
type Options struct {
	Script  string   // the main script
	Modules []string // that are required by computed names
	Without []string // modules that are required, and left out
	Files   []string // and directories, with all files in them
}

// Collect reads everything. The remarks, a line each, are about modules that it cannot find
// because their names are computed.
func Collect(o Options) (contents bundle.Contents, remarks []string, err error) {
	c := &collector{
		vm: lualib.New(vm.Stdio{}), without: o.Without,
		contents: bundle.Contents{Modules: map[string]bundle.Source{}},
	}
	defer c.vm.Finish()
	c.vm.SearchBeside(o.Script)
	if c.contents.Script, err = readSource(o.Script); err != nil {
		return contents, nil, err
	}
	if err := c.follow(c.contents.Script); err != nil {
		return contents, nil, err
	}
	for _, name := range o.Modules {
		if err := c.module(name, "--module"); err != nil {
			return contents, nil, err
		}
	}
	for _, name := range o.Without {
		if !slices.Contains(c.left, name) {
			return contents, nil, fmt.Errorf("--without %s: nothing requires this module%s", name, suggest.Hint(name, c.names()))
		}
	}
	for _, path := range o.Files {
		if err := c.files(path); err != nil {
			return contents, nil, err
		}
	}
	return c.contents, c.remarks, nil
}

type collector struct {
	vm       *vm.VM
	without  []string
	left     []string // the modules of Without that are required
	contents bundle.Contents
	remarks  []string
}

func (c *collector) names() (names []string) {
	for name := range c.contents.Modules {
		names = append(names, name)
	}
	return names
}

// follow collects what a script requires. An error may also be a syntax error.
func (c *collector) follow(source bundle.Source) error {
	required, computed, err := check.Requires(source.Content, source.Name)
	if err != nil {
		return err
	}
	for _, line := range computed {
		c.remarks = append(c.remarks, fmt.Sprintf("%s:%d: the name of the required module is computed: if the program does not contain this module yet, add it with --module", source.Name, line))
	}
	for _, r := range required {
		err := c.module(r.Name, fmt.Sprintf("%s:%d", source.Name, r.Line))
		var missing *missingError
		if errors.As(err, &missing) && r.Optional {
			continue // the script can run without it
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// missingError is the error for a module that was not found.
type missingError struct{ name, from, tried string }

func (e *missingError) Error() string {
	return fmt.Sprintf("%s: module '%s' not found; --without %s leaves it out\n%s", e.from, e.name, e.name, e.tried)
}

// module collects a module that is required at a place.
func (c *collector) module(name, from string) error {
	if slices.Contains(c.without, name) {
		c.left = append(c.left, name)
		return nil
	}
	if _, known := c.contents.Modules[name]; known || lualib.IsOwn(c.vm, name) {
		return nil
	}
	path, tried := c.vm.FindModule(name)
	if path == "" {
		return &missingError{name, from, strings.ReplaceAll(strings.TrimSpace(tried), "\n\t", "\n")}
	}
	source, err := readSource(path)
	if err != nil {
		return err
	}
	c.contents.Modules[name] = source
	return c.follow(source)
}

// files collects a file, or all files in a directory and below it.
func (c *collector) files(path string) error {
	return filepath.WalkDir(path, func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return unread(name, err)
		case entry.IsDir():
			return nil
		}
		source, err := readSource(name)
		if err != nil {
			return err
		}
		source.Name = filepath.Clean(name)
		if !slices.ContainsFunc(c.contents.Files, func(s bundle.Source) bool { return s.Name == source.Name }) {
			c.contents.Files = append(c.contents.Files, source)
		}
		return nil
	})
}

func readSource(path string) (bundle.Source, error) {
	info, err := os.Stat(path)
	if err == nil && !info.Mode().IsRegular() {
		return bundle.Source{}, fmt.Errorf("cannot read %s: wanted a file", path)
	}
	content, err := os.ReadFile(path)
	if err != nil {
		return bundle.Source{}, unread(path, err)
	}
	return bundle.Source{Name: path, Content: content}, nil
}

func unread(path string, err error) error {
	var pathErr *fs.PathError
	if errors.As(err, &pathErr) {
		err = pathErr.Err
	}
	return fmt.Errorf("cannot read %s: %w", path, err)
}
