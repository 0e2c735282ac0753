package host

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"avescript/core/fleet/link"
	"avescript/core/fleet/parcel"
	"avescript/core/fleet/wire"
)

// tempPrefix begins the names of directories for temporary files of jobs.
const tempPrefix = "ave"

const (
	fetchTime  = 10 * time.Minute       // for all code of a job, over slow networks
	fetchPause = 100 * time.Millisecond // before another try
)

// fetch gets a parcel from the hub.
func (h *host) fetch(ctx context.Context, sum string) (io.ReadCloser, error) {
	object, err := h.link.Open(ctx, wire.CodeStore, sum)
	if errors.Is(err, jetstream.ErrObjectNotFound) {
		return nil, fmt.Errorf("%w: the hub does not have it", parcel.ErrDamaged)
	}
	if err != nil {
		return nil, err
	}
	return object, nil
}

// fromHub does something that may need a parcel, again if the hub or the way to it fails
// meanwhile. A host that has no contact ends the job, and with it the tries.
func fromHub(ctx context.Context, do func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, fetchTime)
	defer cancel()
	for {
		err := do(ctx)
		if _, again := errors.AsType[*link.TransferError](err); !again {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(fetchPause):
		}
	}
}

// prepare makes the directory of the job, with its code, and returns the program that runs
// it. Release says that it is not needed any more.
func (j *job) prepare(dir string) (program string, release func(), err error) {
	h, run := j.host, j.start.Run
	// Other jobs cannot look into it.
	for _, d := range []string{dir, filepath.Join(dir, "code")} {
		if err := os.Mkdir(d, 0o700); err != nil {
			return "", nil, err
		}
	}
	// Not below dir: paths of sockets must be short.
	if j.temp, err = os.MkdirTemp("", tempPrefix); err != nil {
		return "", nil, err
	}
	if run.Code != "" {
		err := fromHub(j.ctx, func(ctx context.Context) error {
			return h.code.Unpack(ctx, run.Code, filepath.Join(dir, "code"))
		})
		if err != nil {
			return "", nil, missing("the code of the run", run.Code, err)
		}
	}
	if h.account != nil {
		for _, d := range []string{dir, j.temp} {
			if err := giveTo(d, h.account.UID, h.account.GID); err != nil {
				return "", nil, err
			}
		}
	}
	if run.Program == "" || run.Program == h.ownSum {
		return h.path("bin", "avescript"), func() {}, nil
	}
	at := ""
	err = fromHub(j.ctx, func(ctx context.Context) (err error) {
		at, release, err = h.programs.Program(ctx, run.Program, "avescript")
		return err
	})
	if err != nil {
		return "", nil, missing("the program of the run", run.Program, err)
	}
	return filepath.Join(at, "avescript"), release, nil
}

// giveTo makes everything in a new directory belong to an account. The directory itself is
// the last: until then nobody else can enter it. Another job of the account could put links
// into it, and have root give away what they point to.
func giveTo(dir string, uid, gid int) error {
	var paths []string
	err := filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		paths = append(paths, path)
		return err
	})
	if err != nil {
		return err
	}
	for _, path := range slices.Backward(paths) {
		if err := os.Lchown(path, uid, gid); err != nil {
			return err
		}
	}
	return nil
}
