package host

import (
	"context"
	"io/fs"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"avescript/core/columns"
	"avescript/core/fleet/wire"
)

const (
	diskInterval = time.Second
	mostReserve  = 1 << 30
)

// guardDisk keeps jobs from filling the disk: when less than the reserve is free, it kills
// the job with the most files, if that brings the reserve back. Others go on.
func (h *host) guardDisk(ctx context.Context) {
	ticker := time.NewTicker(diskInterval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		for _, place := range []struct {
			dir string
			of  func(*job) string
		}{
			{h.Dir, func(j *job) string { return h.jobDir(j.start.Token) }},
			{os.TempDir(), func(j *job) string { return j.temp }},
		} {
			free, total := disk(place.dir)
			reserve := h.Reserve
			if reserve == 0 {
				reserve = min(total/100, mostReserve)
			}
			if free < reserve {
				h.makeRoom(reserve-free, place.of)
			}
		}
	}
}

// makeRoom kills the job that has the most files, if these are at least as many bytes as
// are missing.
func (h *host) makeRoom(missing int64, dir func(*job) string) {
	h.mu.Lock()
	jobs := make(map[*job]string, len(h.jobs))
	for _, j := range h.jobs {
		if pid, doomed := j.process(); pid != 0 && !doomed {
			jobs[j] = dir(j)
		}
	}
	h.mu.Unlock()
	var largest *job
	most := missing
	for j, dir := range jobs {
		if size := used(dir); size >= most {
			largest, most = j, size
		}
	}
	if largest == nil {
		return
	}
	message := "the disk of the host was full, and the job was killed: it had " + columns.Size(most) + " of files"
	h.Log("%s: %s", largest.start.Job.Name, message)
	largest.kill(wire.Outcome{Status: wire.Died, Message: message})
}

// used is how many bytes of the disk the files in a directory have. The directory is a
// job's, so nothing outside of it is looked at.
func used(dir string) (size int64) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return 0
	}
	defer root.Close()
	const block = 512
	_ = fs.WalkDir(root.FS(), ".", func(_ string, d fs.DirEntry, err error) error {
		if err != nil {
			return nil //nolint:nilerr // it was removed meanwhile
		}
		if info, err := d.Info(); err == nil {
			size += info.Sys().(*syscall.Stat_t).Blocks * block
		}
		return nil
	})
	return size
}

// disk is how many bytes can be written below a directory, and how many there are.
func disk(dir string) (free, total int64) {
	var stat unix.Statfs_t
	if unix.Statfs(dir, &stat) != nil {
		return 0, 0
	}
	return int64(stat.Bavail) * stat.Bsize, int64(stat.Blocks) * stat.Bsize
}
