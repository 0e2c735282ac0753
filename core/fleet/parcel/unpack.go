package parcel

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"
)

// Unpack unpacks the content of a bundle into a directory, which must be empty. Whatever
// the archive says, nothing is written outside of the directory, and no link leads out of
// it. Files get exactly the modes that they had.
func Unpack(content io.Reader, dir string) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	archive := tar.NewReader(content)
	left := int64(MostBytes)
	links := map[string]bool{}
	var directories []*tar.Header // their modes come last, because one may not be writable
	for count := 0; ; count++ {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return fmt.Errorf("the bundle is damaged: %w", err)
		}
		if left -= header.Size; left < 0 || count >= MostFiles {
			return fmt.Errorf("the bundle is too large: wanted at most %d MB in %d files", MostBytes>>20, MostFiles)
		}
		if err := passesNone(links, header.Name); err != nil {
			return fmt.Errorf("unpack %q: %w", header.Name, err)
		}
		if err := extract(root, archive, header); err != nil {
			return fmt.Errorf("unpack %q: %w", header.Name, err)
		}
		switch header.Typeflag {
		case tar.TypeDir:
			directories = append(directories, header)
		case tar.TypeSymlink:
			links[header.Name] = true
		}
	}
	for _, d := range directories {
		if err := root.Chmod(strings.TrimSuffix(d.Name, "/"), fs.FileMode(d.Mode)&fs.ModePerm); err != nil {
			return err
		}
	}
	return nil
}

// passesNone returns an error if the path of an entry leads through a link: it would be in
// another directory than its name says, and a link there could lead out.
func passesNone(links map[string]bool, name string) error {
	for dir := path.Dir(strings.TrimSuffix(name, "/")); dir != "." && dir != "/"; dir = path.Dir(dir) {
		if links[dir] {
			return fmt.Errorf("wanted a path without links, but %q is one", dir)
		}
	}
	return nil
}

// LeadsInside reports whether a bundle may have a link of this name with this target. It must
// be relative, and go up only at its beginning: what is above a directory is known, but not
// what is above a link to one.
func LeadsInside(name, target string) bool {
	down := false
	for part := range strings.SplitSeq(target, "/") {
		if part == ".." && down {
			return false
		}
		down = down || part != ".." && part != "." && part != ""
	}
	return target != "" && !path.IsAbs(target) && fs.ValidPath(path.Join(path.Dir(name), target))
}

func extract(root *os.Root, content io.Reader, header *tar.Header) error {
	name := strings.TrimSuffix(header.Name, "/")
	if !fs.ValidPath(name) || name == "." || strings.ContainsRune(name, 0) {
		return errors.New("wanted a path inside of the bundle")
	}
	if err := root.MkdirAll(path.Dir(name), 0o755); err != nil {
		return err
	}
	switch header.Typeflag {
	case tar.TypeDir:
		return root.MkdirAll(name, 0o755)
	case tar.TypeSymlink:
		if !LeadsInside(name, header.Linkname) {
			return fmt.Errorf("wanted a link to inside of the bundle, got %q", header.Linkname)
		}
		return root.Symlink(header.Linkname, name)
	case tar.TypeReg:
	default:
		return fmt.Errorf("wanted a file, a directory or a link, got type %q", header.Typeflag)
	}
	file, err := root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = io.CopyN(file, content, header.Size)
	return errors.Join(err, file.Chmod(fs.FileMode(header.Mode)&fs.ModePerm), file.Close())
}
