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

// Glob lists the paths that a pattern matches, sorted. Its parts are those of
// [path.Match]; the part ** stands for any number of directories, also none. A
// name that begins with a dot is matched by a part that begins with one alone,
// as in a shell. Directories that cannot be read are passed over, and ** does
// not go into symbolic links.
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
	case part == "" && len(rest) > 0: // of a doubled slash
		return g.find(dir, rest)
	case part == "": // after the last slash, where a directory is wanted
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

// enter goes on with a path that has matched so far. stat is nil if it is known
// to be there.
func (g *globber) enter(name string, rest []string, stat func(string) (fs.FileInfo, error)) error {
	if len(rest) > 0 {
		if info, err := os.Stat(name); err != nil || !info.IsDir() {
			return nil //nolint:nilerr // what is not there does not match
		}
		return g.find(name, rest)
	}
	if stat != nil {
		if _, err := stat(name); err != nil {
			return nil //nolint:nilerr // likewise
		}
	}
	g.found = append(g.found, name)
	return nil
}

// findAnywhere is find in dir and in all directories below it.
func (g *globber) findAnywhere(dir string, parts []string) error {
	if len(parts) == 0 { // at the end ** is everything
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
	ok, _ := path.Match(part, name) // it was tried before
	return ok
}

// readDir passes over what may not be read or has gone meanwhile.
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
