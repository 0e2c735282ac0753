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
	err = again(ctx, d.link, func() error {
		err := fetch(ctx, d.link, a, local)
		_, ofHub := errors.AsType[*link.TransferError](err)
		switch {
		case errors.Is(err, jetstream.ErrObjectNotFound):
			final = fmt.Errorf("the hub does not have it any more: %w", err)
		case errors.Is(err, errReplaced):
			final = err
		case err != nil && !ofHub:
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

// errReplaced says that an artifact is not what its host has stored.
var errReplaced = errors.New("it is not what the host has stored: somebody has replaced it")

// fetch copies an artifact from the hub to a path: a file, or a directory. All hosts may
// write to the store, so what is there must be what the host has named. A link.TransferError
// is that of the hub, and not of the content or of this machine's disk: another try may help.
func fetch(ctx context.Context, l *link.Link, a wire.Artifact, to string) error {
	object, err := l.Open(ctx, wire.ArtifactStore, a.Object)
	if err != nil {
		return fmt.Errorf("get %s: %w", a.Path, err)
	}
	defer object.Close()
	info, err := object.Info()
	if err != nil {
		return fmt.Errorf("get %s: %w", a.Path, err)
	}
	if a.Digest != "" && info.Digest != a.Digest {
		return errReplaced
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
		return errReplaced
	}
	return err
}

func save(content io.Reader, to string) error {
	file, err := os.Create(to)
	if err != nil {
		return err
	}
	_, err = io.Copy(file, content)
	return errors.Join(err, file.Close())
}

func unpack(content io.Reader, to string) error {
	archive, err := gzip.NewReader(content)
	if err != nil {
		return err
	}
	if err := errors.Join(os.RemoveAll(to), os.Mkdir(to, 0o700)); err != nil {
		return err
	}
	return parcel.Unpack(archive, to)
}
