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
		if err := extract(root, archive, header); err != nil {
			return fmt.Errorf("unpack %q: %w", header.Name, err)
		}
		if header.Typeflag == tar.TypeDir {
			directories = append(directories, header)
		}
	}
	for _, d := range directories {
		if err := root.Chmod(strings.TrimSuffix(d.Name, "/"), fs.FileMode(d.Mode)&fs.ModePerm); err != nil {
			return err
		}
	}
	return nil
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
		// As a path of the archive: a link to a link is checked when that one is made.
		if path.IsAbs(header.Linkname) || !fs.ValidPath(path.Join(path.Dir(name), header.Linkname)) {
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
