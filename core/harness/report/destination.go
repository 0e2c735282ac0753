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

// parse reads a report specification. If the file is standard output, such as
// /dev/stdout, it is replaced by "-": opening it again could truncate it.
func parse(spec string, stdout io.Writer) (d destination, err error) {
	name, file, hasFile := strings.Cut(spec, "=")
	switch {
	case formats[name] == nil:
		return d, fmt.Errorf("there is no report %q; valid names are %s", name, strings.Join(Names(), ", "))
	case hasFile && file == "":
		return d, fmt.Errorf("--report: wanted %s or %s=FILE, got %q", name, name, spec)
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

// collides reports whether two reports would overwrite each other.
func (d destination) collides(other destination) bool {
	if d.file == stdoutName || other.file == stdoutName {
		return d.file == other.file
	}
	info, err := os.Stat(other.file)
	return err == nil && isFile(d.file, info) || resolved(d.file) == resolved(other.file) && !isNull(d.file)
}

func (d destination) collision(other destination) error {
	if d.file == stdoutName {
		return fmt.Errorf("the reports %s and %s both go to standard output: give one of them a file, as in %s=FILE", other.spec, d.spec, d.name)
	}
	return fmt.Errorf("the reports %s and %s both go to the same file: give one of them another file", other.spec, d.spec)
}

// isFile reports whether the file at path is the one of info. The null device is never
// the same file: several reports may be written to it.
func isFile(path string, info os.FileInfo) bool {
	here, err := os.Stat(path)
	return err == nil && os.SameFile(here, info) && !isNull(path)
}

func isNull(path string) bool {
	here, err := os.Stat(path)
	null, nullErr := os.Stat(os.DevNull)
	return err == nil && nullErr == nil && os.SameFile(here, null)
}

// resolved is the absolute path of a file, without symbolic links in its directory. The
// file may not exist yet.
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
