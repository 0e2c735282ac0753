package files

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

// Glob lists the paths that a pattern matches, sorted. Its parts have the syntax of
// [path.Match]; the part ** matches any number of directories, including none. As in a
// shell, a name that begins with a dot is only matched by a part that begins with a
// dot. Directories that cannot be read are ignored, and ** does not follow symbolic
// links.
func Glob(ctx context.Context, pattern string) ([]string, error) {
	if pattern == "" {
		return nil, nil
	}
	parts := strings.Split(pattern, "/")
	for _, part := range parts {
		if _, err := path.Match(part, ""); err != nil {
			return nil, fmt.Errorf("glob %q: wanted a closing bracket or something after a backslash in %q", pattern, part)
		}
	}
	g := globber{ctx: ctx}
	dir := ""
	if parts[0] == "" {
		dir, parts = "/", parts[1:]
	}
	if err := g.find(dir, parts); err != nil {
		return nil, err
	}
	slices.Sort(g.found)
	return slices.Compact(g.found), nil
}

type globber struct {
	ctx   context.Context
	found []string
}

// find adds the paths below dir that the parts match.
func (g *globber) find(dir string, parts []string) error {
	if err := context.Cause(g.ctx); err != nil {
		return err
	}
	part, rest := parts[0], parts[1:]
	switch {
	case part == "" && len(rest) > 0: // a double slash
		return g.find(dir, rest)
	case part == "": // after a slash at the end, which matches only directories
		g.found = append(g.found, dir)
		return nil
	case part == "**":
		return g.findAnywhere(dir, rest)
	case !strings.ContainsAny(part, `*?[\`):
		return g.enter(filepath.Join(dir, part), rest, os.Lstat)
	}
	entries, err := readDir(dir)
	for _, entry := range entries {
		if matches(part, entry.Name()) {
			err = errors.Join(err, g.enter(filepath.Join(dir, entry.Name()), rest, nil))
		}
	}
	return err
}

// enter continues with a path that has matched so far. stat is nil if the path is known
// to exist.
func (g *globber) enter(name string, rest []string, stat func(string) (fs.FileInfo, error)) error {
	if len(rest) > 0 {
		if info, err := os.Stat(name); err != nil || !info.IsDir() {
			return nil // what does not exist does not match
		}
		return g.find(name, rest)
	}
	if stat != nil {
		if _, err := stat(name); err != nil {
			return nil // the same
		}
	}
	g.found = append(g.found, name)
	return nil
}

// findAnywhere calls find for dir and all directories below it.
func (g *globber) findAnywhere(dir string, parts []string) error {
	if len(parts) == 0 { // ** at the end matches everything
		parts = []string{"*"}
	}
	if err := g.find(dir, parts); err != nil {
		return err
	}
	entries, err := readDir(dir)
	for _, entry := range entries {
		if entry.IsDir() && matches("*", entry.Name()) {
			err = errors.Join(err, g.findAnywhere(filepath.Join(dir, entry.Name()), parts))
		}
	}
	return err
}

func matches(part, name string) bool {
	if strings.HasPrefix(name, ".") && !strings.HasPrefix(part, ".") {
		return false
	}
	ok, _ := path.Match(part, name) // the pattern was checked before
	return ok
}

// readDir ignores directories that cannot be read or were removed meanwhile.
func readDir(dir string) ([]fs.DirEntry, error) {
	if dir == "" {
		dir = "."
	}
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrPermission) || errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
		return entries, nil
	}
	return entries, err
}
