package client

import (
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/nats-io/nats.go/jetstream"

	"avescript/core/fleet/link"
	"avescript/core/fleet/parcel"
	"avescript/core/fleet/wire"
)

// downloader copies artifacts of jobs to a directory.
type downloader struct {
	link  *link.Link
	dir   string // "" copies nothing
	count int    // the number of the last directory
}

// get copies the artifacts that an output names. What cannot be copied has an error: it is
// no reason to stop following.
func (d *downloader) get(ctx context.Context, said wire.Said) (kept []wire.Saved) {
	if d.dir == "" {
		return nil
	}
	for _, a := range said.Artifacts {
		saved := wire.Saved{Token: said.Token, Path: a.Path, Kind: a.Kind}
		local, err := d.copy(ctx, a)
		saved.Local = local
		if err != nil {
			saved.Error = err.Error()
		}
		kept = append(kept, saved)
	}
	return kept
}

// localName is the name of a file as on the host, if it can be the name of one here.
func localName(path string) string {
	switch name := filepath.Base(path); name {
	case ".", "..", "/":
		return "artifact"
	default:
		return name
	}
}

// place makes a directory with a number that nobody has used: others may copy artifacts to
// the same directory, or have done so before.
func (d *downloader) place() (string, error) {
	for {
		d.count++
		dir := filepath.Join(d.dir, fmt.Sprint(d.count))
		if err := os.Mkdir(dir, 0o700); !errors.Is(err, fs.ErrExist) {
			return dir, err
		}
	}
}

// copy copies an artifact, and returns where it is. Nothing is left of one that cannot be
// copied.
func (d *downloader) copy(ctx context.Context, a wire.Artifact) (local string, err error) {
	dir, err := d.place()
	if err != nil {
		return "", err
	}
	local = filepath.Join(dir, localName(a.Path))
	final := error(nil)
	err = again(ctx, func() error {
		err := Fetch(ctx, d.link, a, local)
		switch {
		case errors.Is(err, jetstream.ErrObjectNotFound):
			final = fmt.Errorf("the hub does not have it any more: %w", err)
		case isLocal(err): // for example, the disk is full
			final = fmt.Errorf("cannot copy it to %s: %w", d.dir, err)
		default:
			return err
		}
		return nil
	})
	if err = errors.Join(err, final); err != nil {
		_ = os.RemoveAll(dir)
		return "", err
	}
	return local, nil
}

// isLocal reports whether an error comes from the file system of this machine.
func isLocal(err error) bool {
	return errors.As(err, new(*fs.PathError)) || errors.As(err, new(*os.LinkError))
}

// Fetch copies an artifact from the hub to a path: a file, or a directory.
func Fetch(ctx context.Context, l *link.Link, a wire.Artifact, to string) error {
	store, err := l.JS.ObjectStore(ctx, wire.ArtifactStore)
	if err != nil {
		return fmt.Errorf("find the store for artifacts at the hub: %w", err)
	}
	object, err := store.Get(ctx, a.Object)
	if err != nil {
		return fmt.Errorf("get %s from the hub: %w", a.Path, err)
	}
	defer object.Close()
	if a.Tar {
		content, err := gzip.NewReader(object)
		if err != nil {
			return fmt.Errorf("unpack %s: %w", a.Path, err)
		}
		if err := errors.Join(os.RemoveAll(to), os.Mkdir(to, 0o700)); err != nil {
			return err
		}
		return parcel.Unpack(content, to)
	}
	file, err := os.Create(to)
	if err != nil {
		return err
	}
	_, err = io.Copy(file, object)
	return errors.Join(err, file.Close())
}
