package runner

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"avescript/core/harness/workers"
	"avescript/lualib/bundler"
	"avescript/lualib/script"
	"avescript/lualib/suite"
	"avescript/lualib/vm"
)

// What may go along with the tests to the hosts.
const (
	mostCode  = 256 << 20 // bytes
	mostFiles = 50_000
)

// code is what goes along with the tests to the hosts of a fleet: files below the working
// directory, by their paths relative to it.
type code struct {
	root    string // the working directory
	files   map[string]bool
	modules *bundler.Modules
	uses    map[string]bool // whether a file mentions needs
	helper  string          // the file of the helper, or ""
}

// codeOf finds what goes along. warn is told what stays here. The modules must be closed.
func (o *Options) codeOf(jobs []workers.Job, opts suite.Options, warn func(string)) (*code, error) {
	root, err := os.Getwd()
	if err != nil {
		return nil, err
	}
	c := &code{root: root, files: map[string]bool{}, uses: map[string]bool{}, modules: &bundler.Modules{
		New: func(file string) *vm.VM {
			v := o.New()
			suite.SearchModules(v, file, opts.Path)
			return v
		},
	}}
	dirs := map[string]bool{}
	for _, j := range jobs {
		file, err := c.below(j.File)
		if err != nil {
			return nil, err
		}
		c.files[file] = true
		dirs[filepath.Dir(file)] = true
	}
	for _, path := range o.Paths {
		if info, err := os.Stat(path); err == nil && info.IsDir() {
			if dir, err := c.below(path); err == nil {
				dirs[dir] = true
			}
		}
	}
	if err := c.beside(slices.Sorted(maps.Keys(dirs)), warn); err != nil {
		return nil, err
	}
	if err := c.required(jobs, opts, warn); err != nil {
		return nil, err
	}
	for _, path := range o.Fleet.Data {
		if err := c.data(path); err != nil {
			return nil, err
		}
	}
	return c, c.check()
}

// below is the path of a file relative to the working directory.
func (c *code) below(path string) (string, error) {
	full := path
	if !filepath.IsAbs(path) {
		full = filepath.Join(c.root, path)
	}
	name, err := filepath.Rel(c.root, full)
	if err != nil || !filepath.IsLocal(name) {
		return "", fmt.Errorf("%s is not below the working directory, and nothing else goes to the hosts of a fleet: start avescript in a directory that contains it", path)
	}
	return name, nil
}

// beside adds the files in and below directories, without those that git ignores.
func (c *code) beside(dirs []string, warn func(string)) error {
	git := exec.Command("git", append([]string{"-C", c.root, "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--"}, dirs...)...)
	git.Env = append(os.Environ(), "LC_ALL=C")
	out, err := git.Output()
	if err != nil {
		if why := c.gitProblem(err); why != "" {
			warn("git cannot say which files it ignores, so all files beside the tests go to the hosts: " + why)
		}
		for _, dir := range dirs {
			if err := c.walk(dir); err != nil {
				return err
			}
		}
		return nil
	}
	for name := range strings.SplitSeq(string(out), "\x00") {
		if name == "" {
			continue
		}
		info, err := os.Stat(filepath.Join(c.root, name))
		switch {
		case err != nil: // it was removed, or is a link to nowhere
		case info.IsDir(): // a repository in the repository, or a link
			if err := c.walk(name); err != nil {
				return err
			}
		default:
			c.files[name] = true
		}
	}
	return nil
}

// gitProblem says why git has failed; it is "" if there is no repository.
func (c *code) gitProblem(err error) string {
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		why := strings.TrimSpace(string(exit.Stderr))
		if strings.Contains(why, "not a git repository") {
			return ""
		}
		first, _, _ := strings.Cut(why, "\n")
		return cmp.Or(first, err.Error())
	}
	for dir := c.root; ; dir = filepath.Dir(dir) {
		if _, missing := os.Stat(filepath.Join(dir, ".git")); missing == nil {
			return err.Error()
		}
		if dir == filepath.Dir(dir) {
			return ""
		}
	}
}

// walk adds the files in and below a directory, without hidden ones.
func (c *code) walk(dir string) error {
	return c.each(dir, func(name string) bool { return strings.HasPrefix(filepath.Base(name), ".") })
}

// each adds files, without those for which skips is true.
func (c *code) each(dir string, skips func(name string) bool) error {
	top := filepath.Join(c.root, dir)
	return filepath.WalkDir(top+string(filepath.Separator), func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return fmt.Errorf("cannot read %s: %w", path, errors.Unwrap(err))
		}
		name, err := filepath.Rel(c.root, path)
		switch {
		case err != nil:
			return err
		case filepath.Clean(path) != top && skips(name) && entry.IsDir():
			return fs.SkipDir
		case filepath.Clean(path) != top && skips(name), entry.IsDir():
			return nil
		}
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() {
			c.files[name] = true
		}
		if len(c.files) > mostFiles {
			return c.check() // before all of a home is searched
		}
		return nil
	})
}

// required adds the modules of the tests, the helper, and the settings.
func (c *code) required(jobs []workers.Job, opts suite.Options, warn func(string)) error {
	if info, err := os.Stat(suite.DotFile); err == nil && info.Mode().IsRegular() {
		c.files[suite.DotFile] = true
	}
	outside := map[string]bool{}
	add := func(file string) {
		if name, err := c.below(file); err == nil {
			c.files[name] = true
		} else {
			outside[file] = true
		}
	}
	for _, j := range jobs {
		for _, module := range c.modulesOf(j.File) {
			add(module)
		}
	}
	switch {
	case script.IsName(opts.Helper):
		c.helper = opts.Helper
		name, err := c.below(opts.Helper)
		if err != nil {
			return fmt.Errorf("the helper: %w", err)
		}
		c.files[name] = true
	case opts.Helper != "" && len(jobs) > 0:
		c.helper = c.modules.Find(opts.Helper, jobs[0].File, filepath.Dir(jobs[0].File))
	}
	if c.helper != "" {
		add(c.helper)
		for _, module := range c.modulesOf(c.helper) {
			add(module)
		}
	}
	for _, file := range slices.Sorted(maps.Keys(outside)) {
		warn(fmt.Sprintf("%s stays here, because it is not below the working directory: each host needs its own", file))
	}
	return nil
}

func (c *code) modulesOf(file string) []string { return c.modules.Of(file, filepath.Dir(file)) }

// data adds a file, or all files in a directory and below it.
func (c *code) data(path string) error {
	name, err := c.below(path)
	if err != nil {
		return fmt.Errorf("--data: %w", err)
	}
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return fmt.Errorf("--data: %w", err)
	case info.IsDir():
		return c.each(name, func(string) bool { return false })
	}
	c.files[name] = true
	return nil
}

// check returns an error if the code is too large to send it around.
func (c *code) check() error {
	if len(c.files) > mostFiles {
		return fmt.Errorf("more than %d files would go to the hosts: name those that tests do not need in .gitignore, or start avescript in a directory with less", mostFiles)
	}
	type big struct {
		name string
		size int64
	}
	var all []big
	total := int64(0)
	for name := range c.files {
		if info, err := os.Stat(filepath.Join(c.root, name)); err == nil {
			all, total = append(all, big{name, info.Size()}), total+info.Size()
		}
	}
	if total <= mostCode {
		return nil
	}
	slices.SortFunc(all, func(a, b big) int { return cmp.Or(cmp.Compare(b.size, a.size), cmp.Compare(a.name, b.name)) })
	var names []string
	for _, b := range all[:min(len(all), 5)] {
		names = append(names, fmt.Sprintf("%s (%d MB)", b.name, b.size>>20))
	}
	return fmt.Errorf("%d MB of files would go to the hosts, at most %d MB can; the largest are %s: name those that tests do not need in .gitignore, or move them to another directory",
		total>>20, mostCode>>20, strings.Join(names, ", "))
}

// list is the paths of all files, sorted.
func (c *code) list() []string { return slices.Sorted(maps.Keys(c.files)) }

// needful matches the words by which tests say what they need.
var needful = regexp.MustCompile(`\b(equipment|needs)\b`)

// mentions reports whether a test file, or something that it loads, may say what it needs.
// Only then it is worth listing its tests.
func (c *code) mentions(file string) bool {
	files := append(c.modulesOf(file), file)
	if c.helper != "" {
		files = append(append(files, c.helper), c.modulesOf(c.helper)...)
	}
	return slices.ContainsFunc(files, func(file string) bool {
		uses, known := c.uses[file]
		if !known {
			text, err := os.ReadFile(file)
			uses = err == nil && needful.Match(text)
			c.uses[file] = uses
		}
		return uses
	})
}
