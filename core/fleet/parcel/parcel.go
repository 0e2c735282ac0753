// Package parcel makes parcels of files that a run needs on hosts: the tests with what
// they use, or the program that runs them.
//
// A parcel is named by its sum, the SHA-256 of its content before compression, so what
// arrives can be checked, and equal content is sent once. The content of a bundle is a
// tar archive without times and owners, with its entries in order: the same files always
// make the same sum. The content of a program is the file itself. What is stored and sent
// is the content compressed by gzip.
//
// A host keeps the content of parcels in a [Cache], and unpacks a bundle into a new
// directory for every job. The content is checked again while it is unpacked, so a job
// cannot spoil the files of another one.
package parcel

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// Limits of a parcel.
const (
	MostBytes = 2 << 30 // of its content
	MostFiles = 100_000
)

// Parcel is a parcel that can be sent.
type Parcel struct {
	Sum  string // the SHA-256 of the content, in hexadecimal
	Size int64  // of the content, in bytes
	Data []byte // what is stored and sent: the content compressed
}

// Make makes a parcel of files in and below the directory root. Files are named relative
// to root, or absolutely; a directory stands for itself alone, and is only needed if it is
// empty. A link that leads to another file of the parcel stays a link; any other one is
// followed.
func Make(root string, files []string) (*Parcel, error) {
	root, err := filepath.Abs(root)
	if err != nil {
		return nil, err
	}
	names := make([]string, 0, len(files))
	for _, file := range files {
		name := file
		if filepath.IsAbs(file) {
			if name, err = filepath.Rel(root, file); err != nil {
				return nil, err
			}
		}
		if name = filepath.ToSlash(filepath.Clean(name)); !fs.ValidPath(name) {
			return nil, fmt.Errorf("cannot pack %s: it is not below %s", file, root)
		}
		if name != "." {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	names = slices.Compact(names)
	if len(names) > MostFiles {
		return nil, fmt.Errorf("cannot pack %d files: wanted at most %d", len(names), MostFiles)
	}
	var data bytes.Buffer
	p := newPacker(&data)
	archive := tar.NewWriter(p)
	for _, name := range names {
		if err := add(archive, root, name, names); err != nil {
			return nil, fmt.Errorf("pack %s: %w", name, err)
		}
	}
	if err := errors.Join(archive.Close(), p.Close()); err != nil {
		return nil, err
	}
	return &Parcel{Sum: p.sum(), Size: p.size, Data: data.Bytes()}, nil
}

// add writes an entry of an archive.
func add(archive *tar.Writer, root, name string, names []string) error {
	full := filepath.Join(root, filepath.FromSlash(name))
	info, err := os.Lstat(full)
	if err != nil {
		return err
	}
	header := &tar.Header{Name: name, Mode: int64(info.Mode().Perm()), Format: tar.FormatPAX}
	if info.Mode()&fs.ModeSymlink != 0 {
		target, err := os.Readlink(full)
		if err != nil {
			return err
		}
		if LeadsInside(name, target) && slices.Contains(names, path.Join(path.Dir(name), target)) {
			header.Typeflag, header.Linkname, header.Mode = tar.TypeSymlink, target, 0o777
			return archive.WriteHeader(header)
		}
		if info, err = os.Stat(full); err != nil {
			return err
		}
		header.Mode = int64(info.Mode().Perm())
	}
	switch {
	case info.IsDir():
		header.Typeflag, header.Name = tar.TypeDir, name+"/"
		return archive.WriteHeader(header)
	case !info.Mode().IsRegular():
		return errors.New("wanted a file, a directory or a link: remove it, or name it in .gitignore")
	}
	file, err := os.Open(full)
	if err != nil {
		return err
	}
	defer file.Close()
	if info, err = file.Stat(); err != nil {
		return err
	}
	header.Typeflag, header.Size = tar.TypeReg, info.Size()
	if err := archive.WriteHeader(header); err != nil {
		return err
	}
	if _, err := io.CopyN(archive, file, info.Size()); err != nil {
		return fmt.Errorf("it has changed meanwhile: %w", err)
	}
	return nil
}

// Sum returns the sum of a single file, such as a program, as of [MakeFile].
func Sum(file string) (string, error) {
	f, err := os.Open(file)
	if err != nil {
		return "", err
	}
	defer f.Close()
	digest := sha256.New()
	if _, err := io.Copy(digest, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(digest.Sum(nil)), nil
}

// MakeFile makes a parcel of a single file, such as a program.
func MakeFile(file string) (*Parcel, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var data bytes.Buffer
	p := newPacker(&data)
	if _, err := io.Copy(p, f); err != nil {
		return nil, err
	}
	if err := p.Close(); err != nil {
		return nil, err
	}
	return &Parcel{Sum: p.sum(), Size: p.size, Data: data.Bytes()}, nil
}

// CheckSum returns an error if a text is not a sum: sums are names of files.
func CheckSum(sum string) error {
	if digest, err := hex.DecodeString(sum); err != nil || len(digest) != sha256.Size || strings.ToLower(sum) != sum {
		return fmt.Errorf("wanted a SHA-256 in hexadecimal, got %q", sum)
	}
	return nil
}

// packer compresses content, and takes its sum.
type packer struct {
	*gzip.Writer
	digest interface{ Sum([]byte) []byte }
	all    io.Writer
	size   int64
}

func newPacker(to io.Writer) *packer {
	compressed, _ := gzip.NewWriterLevel(to, gzip.BestSpeed) // the level is known
	digest := sha256.New()
	return &packer{Writer: compressed, digest: digest, all: io.MultiWriter(digest, compressed)}
}

// Write implements io.Writer.
func (p *packer) Write(data []byte) (int, error) {
	if p.size += int64(len(data)); p.size > MostBytes {
		return 0, fmt.Errorf("it is too large: wanted at most %d MB", MostBytes>>20)
	}
	return p.all.Write(data)
}

func (p *packer) sum() string { return hex.EncodeToString(p.digest.Sum(nil)) }
