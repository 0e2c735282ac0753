package host

import (
	"archive/tar"
	"bufio"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"golang.org/x/sys/unix"

	"avescript/core/fleet/parcel"
	"avescript/core/fleet/wire"
)

// Limits of what a job leaves for its submitter.
const (
	mostArtifacts = 200
	mostArtifact  = 256 << 20 // bytes of each
	uploadTime    = 5 * time.Minute

	// silence is how long the hub may answer nothing until the upload is given up, and again is
	// the time between two tries.
	silence = 30 * time.Second
	again   = 250 * time.Millisecond
)

// upload puts the artifacts of the job into the store of the hub, and says where they are.
func (j *job) upload(ctx context.Context, dir string) {
	j.mu.Lock()
	paths := slices.Clone(j.artifacts)
	j.mu.Unlock()
	slices.Sort(paths)
	paths = slices.Compact(paths)
	paths = paths[:min(len(paths), mostArtifacts)]
	measured := ""
	if j.start.Run.Measure {
		measured = filepath.Join(dir, wire.JobCoverage)
		paths = slices.Insert(paths, 0, measured) // the run needs it most
	}
	if len(paths) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, uploadTime)
	defer cancel()
	root, err := os.OpenRoot(dir)
	if err != nil {
		return
	}
	defer root.Close()
	u := &uploader{js: j.host.link.JS, root: root, dir: dir}
	var kept []wire.Artifact
	for n, path := range paths {
		a := wire.Artifact{Path: path, Object: fmt.Sprintf("%s/%d/%s/%d", j.start.Run.ID, j.start.Index, j.start.Token, n)}
		if path == measured {
			a.Kind = wire.ArtifactCoverage
		}
		err := u.put(ctx, &a)
		if err == nil {
			kept = append(kept, a)
			continue
		}
		j.out.add(wire.Output{Log: fmt.Sprintf("artifact %s cannot be kept: %v\n", path, err)})
		if _, ok := errors.AsType[*unsentError](err); ok {
			if left := len(paths) - n - 1; left > 0 {
				j.out.add(wire.Output{Log: fmt.Sprintf("%d more artifacts are not kept, because the hub does not answer\n", left)})
			}
			break
		}
	}
	if len(kept) > 0 {
		j.out.add(wire.Output{Artifacts: kept})
	}
}

// uploader puts artifacts of a job into the store. Paths come from the job, so nothing outside
// of its directory is read.
type uploader struct {
	js     jetstream.JetStream
	root   *os.Root
	dir    string    // of the job
	silent time.Time // since when the hub does not answer; zero if it does
}

// put uploads a file, or a directory as an archive. It begins again as long as the hub does not
// answer, but not longer than silence: another hub of a cluster may have to take over the store.
func (u *uploader) put(ctx context.Context, a *wire.Artifact) error {
	below := a.Path
	if filepath.IsAbs(below) {
		var err error
		if below, err = filepath.Rel(u.dir, below); err != nil {
			return err
		}
	} else {
		below = filepath.Join("code", below)
	}
	if !filepath.IsLocal(below) {
		return errors.New("it is not in the directory of the job")
	}
	info, err := u.root.Stat(below)
	if err != nil {
		return err
	}
	a.Tar = info.IsDir()
	for {
		err := u.try(ctx, a, below)
		if _, ok := errors.AsType[*unsentError](err); !ok || time.Since(u.silent) > silence {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(again):
		}
	}
}

// try uploads an artifact once.
func (u *uploader) try(ctx context.Context, a *wire.Artifact, below string) error {
	o := u.begin(ctx, a.Object)
	chunks := bufio.NewWriterSize(o, chunkSize)
	counted := &counter{Writer: chunks}
	read := copyFile
	if a.Tar {
		read = pack
	}
	if err := read(counted, u.root, below); err != nil {
		return err
	}
	if err := chunks.Flush(); err != nil {
		return err
	}
	if err := o.finish(); err != nil {
		return err
	}
	a.Size, a.Digest = counted.n, o.info.Digest
	return nil
}

var errTooLarge = fmt.Errorf("it is too large: wanted at most %d MB", mostArtifact>>20)

// counter counts bytes, and refuses too many.
type counter struct {
	io.Writer
	n int64
}

// Write implements io.Writer.
func (c *counter) Write(data []byte) (int, error) {
	if c.n += int64(len(data)); c.n > mostArtifact {
		return 0, errTooLarge
	}
	return c.Writer.Write(data)
}

// openFile opens a regular file without waiting: a job may have put something else there.
func openFile(root *os.Root, path string) (*os.File, fs.FileInfo, error) {
	f, err := root.OpenFile(path, os.O_RDONLY|unix.O_NONBLOCK|unix.O_NOFOLLOW, 0)
	if err != nil {
		return nil, nil, err
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = errors.New("wanted a regular file")
	}
	if err == nil {
		err = ofJob(root, info)
	}
	if err != nil {
		f.Close()
		return nil, nil, err
	}
	return f, info, nil
}

// ofJob checks that a file which root reads belongs to the account of the jobs, as their
// directory does: a hard link can give a job a name for a file that it cannot read.
func ofJob(root *os.Root, info fs.FileInfo) error {
	dir, err := root.Stat(".")
	if err != nil || os.Geteuid() != 0 {
		return err
	}
	if account := owner(dir); account != 0 && owner(info) != account {
		return errors.New("it does not belong to the account of the job")
	}
	return nil
}

func owner(info fs.FileInfo) uint32 { return info.Sys().(*syscall.Stat_t).Uid }

func copyFile(to io.Writer, root *os.Root, path string) error {
	f, info, err := openFile(root, path)
	if err != nil {
		return err
	}
	defer f.Close()
	if info.Size() > mostArtifact {
		return errTooLarge // before the hub has a part of it
	}
	_, err = io.Copy(to, f)
	return err
}

// pack writes a directory as an archive. What is neither a file nor a directory is left out,
// except links that lead to something in the directory.
func pack(to io.Writer, root *os.Root, dir string) error {
	compressed := gzip.NewWriter(to)
	archive := tar.NewWriter(compressed)
	err := fs.WalkDir(root.FS(), filepath.ToSlash(dir), func(path string, d fs.DirEntry, err error) error {
		if err != nil || path == dir {
			return err
		}
		return packOne(archive, root, path, strings.TrimPrefix(path, dir+"/"), d)
	})
	return errors.Join(err, archive.Close(), compressed.Close())
}

func packOne(archive *tar.Writer, root *os.Root, path, name string, d fs.DirEntry) error {
	info, err := d.Info()
	if err != nil {
		return nil //nolint:nilerr // it was removed meanwhile
	}
	header := &tar.Header{Name: name, Mode: int64(info.Mode().Perm()), ModTime: info.ModTime(), Format: tar.FormatPAX}
	switch {
	case d.IsDir():
		header.Typeflag, header.Name = tar.TypeDir, name+"/"
		return archive.WriteHeader(header)
	case d.Type()&fs.ModeSymlink != 0:
		if header.Linkname, err = root.Readlink(path); err != nil {
			return nil //nolint:nilerr // likewise
		}
		if !parcel.LeadsInside(name, header.Linkname) {
			return nil // it would lead somewhere else on another machine
		}
		header.Typeflag = tar.TypeSymlink
		return archive.WriteHeader(header)
	case !info.Mode().IsRegular():
		return nil
	}
	f, info, err := openFile(root, path)
	if err != nil {
		return nil //nolint:nilerr // likewise
	}
	defer f.Close()
	header.Typeflag, header.Size = tar.TypeReg, info.Size()
	if err := archive.WriteHeader(header); err != nil {
		return err
	}
	_, err = io.CopyN(archive, f, info.Size())
	return err
}
