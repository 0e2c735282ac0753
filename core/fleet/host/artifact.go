package host

import (
	"archive/tar"
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
)

// upload puts the artifacts of the job into the store of the hub, and says where they are.
// Paths come from the job, so nothing outside of its directory is read.
func (j *job) upload(ctx context.Context, dir string) {
	j.mu.Lock()
	paths := slices.Clone(j.artifacts)
	j.mu.Unlock()
	slices.Sort(paths)
	paths = slices.Compact(paths)
	measured := ""
	if j.start.Run.Measure {
		measured = filepath.Join(dir, wire.JobCoverage)
		paths = append(paths, measured)
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
	var store jetstream.ObjectStore
	err = untilAnswered(ctx, func(ctx context.Context, answered func()) (err error) {
		store, err = j.host.link.JS.ObjectStore(ctx, wire.ArtifactStore)
		answered()
		return err
	})
	if err != nil {
		j.out.add(wire.Output{Log: fmt.Sprintf("artifacts cannot be kept: %v\n", err)})
		return
	}
	var kept []wire.Artifact
	for n, path := range paths[:min(len(paths), mostArtifacts)] {
		a := wire.Artifact{Path: path, Object: fmt.Sprintf("%s/%d/%s/%d", j.start.Run.ID, j.start.Index, j.start.Token, n)}
		if path == measured {
			a.Kind = wire.ArtifactCoverage
		}
		if err := put(ctx, store, root, dir, &a); err != nil {
			j.out.add(wire.Output{Log: fmt.Sprintf("artifact %s cannot be kept: %v\n", path, err)})
			continue
		}
		kept = append(kept, a)
	}
	if len(kept) > 0 {
		j.out.add(wire.Output{Artifacts: kept})
	}
}

// put uploads a file, or a directory as an archive.
func put(ctx context.Context, store jetstream.ObjectStore, root *os.Root, dir string, a *wire.Artifact) error {
	below := a.Path
	if filepath.IsAbs(below) {
		var err error
		if below, err = filepath.Rel(dir, below); err != nil {
			return err
		}
	} else {
		below = filepath.Join("code", below)
	}
	if !filepath.IsLocal(below) {
		return errors.New("it is not in the directory of the job")
	}
	info, err := root.Stat(below)
	if err != nil {
		return err
	}
	a.Tar = info.IsDir()
	reader, writer := io.Pipe()
	counted := &counter{Writer: writer}
	go func() {
		if a.Tar {
			writer.CloseWithError(pack(counted, root, below))
		} else {
			writer.CloseWithError(copyFile(counted, root, below))
		}
	}()
	defer reader.Close()
	return untilAnswered(ctx, func(ctx context.Context, answered func()) error {
		object, err := store.Put(ctx, jetstream.ObjectMeta{Name: a.Object}, &begun{reader, answered})
		if err == nil {
			a.Size, a.Digest = counted.n, object.Digest
		}
		return err
	})
}

// answerTime is how long the hub may take to answer a question about a store.
const answerTime = 5 * time.Second

// untilAnswered does something that begins with a question to the hub, and does it again as
// long as the question is not answered in time: a hub that was killed does not answer, and the
// client of NATS waits for it until the context ends.
func untilAnswered(ctx context.Context, do func(ctx context.Context, answered func()) error) error {
	for {
		asking, cancel := context.WithCancelCause(ctx)
		silence := time.AfterFunc(answerTime, func() { cancel(errSilent) })
		err := do(asking, func() { silence.Stop() })
		silence.Stop()
		isSilent := errors.Is(context.Cause(asking), errSilent)
		cancel(nil)
		if err == nil || !isSilent {
			return err
		}
	}
}

var errSilent = errors.New("the hub has not answered")

// begun is what is uploaded. It is read when the hub has answered whether it has it already.
type begun struct {
	io.Reader
	answered func()
}

// Read implements io.Reader.
func (b *begun) Read(data []byte) (int, error) {
	b.answered()
	return b.Reader.Read(data)
}

// counter counts bytes, and refuses too many.
type counter struct {
	io.Writer
	n int64
}

// Write implements io.Writer.
func (c *counter) Write(data []byte) (int, error) {
	if c.n += int64(len(data)); c.n > mostArtifact {
		return 0, fmt.Errorf("it is too large: wanted at most %d MB", mostArtifact>>20)
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
	f, _, err := openFile(root, path)
	if err != nil {
		return err
	}
	defer f.Close()
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
