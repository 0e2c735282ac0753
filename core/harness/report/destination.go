package report

import (
	"cmp"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// destination is where a report goes.
type destination struct {
	spec, name string
	file       string // stdoutName is standard output
}

const stdoutName = "-"

// parse takes a spec apart. A file that is standard output, as /dev/stdout is, is
// called so: to open it anew could empty it.
func parse(spec string, stdout io.Writer) (d destination, err error) {
	name, file, hasFile := strings.Cut(spec, "=")
	switch {
	case formats[name] == nil:
		return d, fmt.Errorf("there is no report %q; there are %s", name, strings.Join(Names(), ", "))
	case hasFile && file == "":
		return d, fmt.Errorf("--report: wanted %s or %s=FILE, got %q", name, name, spec)
	case filepath.Ext(file) == ".lua":
		return d, fmt.Errorf("--report: wanted a file to write, got the script %s", file)
	}
	d = destination{spec, name, cmp.Or(file, stdoutName)}
	if out, ok := stdout.(*os.File); ok && d.file != stdoutName {
		standard, err := out.Stat()
		if err == nil && isFile(d.file, standard) {
			d.file = stdoutName
		}
	}
	return d, nil
}

// collides tells whether two reports would be written over each other.
func (d destination) collides(other destination) bool {
	if d.file == stdoutName || other.file == stdoutName {
		return d.file == other.file
	}
	info, err := os.Stat(other.file)
	return err == nil && isFile(d.file, info) || resolved(d.file) == resolved(other.file) && !isNull(d.file)
}

func (d destination) collision(other destination) error {
	if d.file == stdoutName {
		return fmt.Errorf("the reports %s and %s go both to standard output: give one of them a file, as in %s=FILE", other.spec, d.spec, d.name)
	}
	return fmt.Errorf("the reports %s and %s go both to one file", other.spec, d.spec)
}

// isFile tells whether there is a file at path, and it is that of info. The null
// device is never the same one: everything may go there.
func isFile(path string, info os.FileInfo) bool {
	here, err := os.Stat(path)
	return err == nil && os.SameFile(here, info) && !isNull(path)
}

func isNull(path string) bool {
	here, err := os.Stat(path)
	null, nullErr := os.Stat(os.DevNull)
	return err == nil && nullErr == nil && os.SameFile(here, null)
}

// resolved is the path of a file, which need not be there, without links to its
// directory.
func resolved(file string) string {
	path, err := filepath.Abs(file)
	if err != nil {
		return file
	}
	dir, err := filepath.EvalSymlinks(filepath.Dir(path))
	if err != nil {
		return path
	}
	return filepath.Join(dir, filepath.Base(path))
}
