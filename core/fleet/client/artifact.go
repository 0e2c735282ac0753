package client

import (
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
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
	count int
}

// get copies the artifacts that an output names. What cannot be copied has an error: it is
// no reason to stop following.
func (d *downloader) get(ctx context.Context, said wire.Said) (kept []wire.Saved) {
	if d.dir == "" {
		return nil
	}
	for _, a := range said.Artifacts {
		d.count++
		saved := wire.Saved{Token: said.Token, Path: a.Path, Kind: a.Kind}
		saved.Local = filepath.Join(d.dir, fmt.Sprint(d.count), localName(a.Path))
		if err := d.copy(ctx, a, saved.Local); err != nil {
			saved.Local, saved.Error = "", err.Error()
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

func (d *downloader) copy(ctx context.Context, a wire.Artifact, to string) error {
	if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
		return err
	}
	gone := error(nil)
	err := again(ctx, func() error {
		err := Fetch(ctx, d.link, a, to)
		switch {
		case errors.Is(err, jetstream.ErrObjectNotFound):
			gone = fmt.Errorf("the hub does not have it any more: %w", err)
			return nil
		case errors.Is(err, errReplaced):
			gone = err
			return nil
		}
		return err
	})
	return errors.Join(err, gone)
}

// errReplaced says that an artifact is not what its host has stored.
var errReplaced = errors.New("it is not what the host has stored: somebody has replaced it")

// Fetch copies an artifact from the hub to a path: a file, or a directory. All hosts may
// write to the store, so what is there must be what the host has named.
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
	info, err := object.Info()
	if err != nil {
		return fmt.Errorf("get %s from the hub: %w", a.Path, err)
	}
	if a.Digest != "" && info.Digest != a.Digest {
		return fmt.Errorf("%s: %w", a.Path, errReplaced)
	}
	if a.Tar {
		err = unpack(object, to)
	} else {
		err = save(object, to)
	}
	if err == nil {
		_, err = io.Copy(io.Discard, object) // its end tells whether the digest is that of the content
	}
	if errors.Is(err, jetstream.ErrDigestMismatch) {
		err = errReplaced
	}
	if err != nil {
		return errors.Join(fmt.Errorf("copy %s: %w", a.Path, err), os.RemoveAll(to))
	}
	return nil
}

func unpack(archive io.Reader, to string) error {
	content, err := gzip.NewReader(archive)
	if err != nil {
		return err
	}
	if err := errors.Join(os.RemoveAll(to), os.Mkdir(to, 0o700)); err != nil {
		return err
	}
	return parcel.Unpack(content, to)
}

func save(content io.Reader, to string) error {
	file, err := os.Create(to)
	if err != nil {
		return err
	}
	_, err = io.Copy(file, content)
	return errors.Join(err, file.Close())
}
