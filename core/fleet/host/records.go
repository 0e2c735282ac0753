package host

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"avescript/core/fleet/wire"
	"avescript/core/persona"
	"avescript/core/process"
)

// jobVariable is in the environment of everything that belongs to a job: the ID of the
// host's directory, and the token.
const jobVariable = "AVELAB_JOB"

// records are the processes of jobs, on the disk: for each token a file with the pid and
// the start time of the job's process, and its directory for temporary files. Only this
// account can write there, jobs cannot.
//
// They also have the boot of the machine: after another one, pids and start times belong to
// others.
type records struct {
	dir    string
	id     string // of the host's directory
	boot   string
	pid    int // of this process
	user   string
	before map[int]uint64 // children of this process that it had already, by pid: their start times
}

func openRecords(dir string) (*records, error) {
	r := &records{dir: dir, pid: os.Getpid(), user: persona.NameOf(os.Geteuid()), before: map[int]uint64{}}
	id, err := os.ReadFile(filepath.Join(dir, "id"))
	if errors.Is(err, os.ErrNotExist) {
		id = []byte(rand.Text())
		err = replaceFile(filepath.Join(dir, "id"), id)
	}
	if err != nil {
		return nil, err
	}
	r.id = string(id)
	boot, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return nil, err
	}
	r.boot = strings.TrimSpace(string(boot))
	children, err := process.Children(r.pid)
	for _, child := range children {
		r.before[child.PID] = child.Start
	}
	return r, err
}

// isBefore reports whether a process is a child from before this process was a host.
func (r *records) isBefore(s process.Stat) bool {
	start, known := r.before[s.PID]
	return known && start == s.Start
}

func (r *records) mark(token wire.Token) string {
	return jobVariable + "=" + r.id + "/" + token.String()
}

func (r *records) file(token wire.Token) string {
	return filepath.Join(r.dir, "running", token.String())
}

func (r *records) add(token wire.Token, pid int, temp string) error {
	stat, err := process.ReadStat(pid)
	if err != nil {
		return err
	}
	return replaceFile(r.file(token), fmt.Appendf(nil, "%d %d %s %s", pid, stat.Start, r.boot, temp))
}

func (r *records) remove(token wire.Token) { _ = os.Remove(r.file(token)) }

// highest is the highest token that the host has ever had.
func (r *records) highest() (token wire.Token) {
	text, err := os.ReadFile(filepath.Join(r.dir, "highest"))
	if err == nil {
		token, _ = wire.ParseToken(string(text))
	}
	return token
}

func (r *records) keepHighest(token wire.Token) error {
	return replaceFile(filepath.Join(r.dir, "highest"), []byte(token.String()))
}

// replaceFile writes a file as a whole.
func replaceFile(path string, content []byte) error {
	temporary := path + ".new"
	if err := os.WriteFile(temporary, content, 0o600); err != nil {
		return err
	}
	return os.Rename(temporary, path)
}

// endLeft ends all processes of jobs of a predecessor that was killed.
func (r *records) endLeft(groups *groups) error {
	if err := groups.killLeft(filepath.Join(r.dir, "groups")); err != nil {
		return err
	}
	files, err := os.ReadDir(filepath.Join(r.dir, "running"))
	if err != nil {
		return err
	}
	var temps []string
	for _, f := range files {
		path := filepath.Join(r.dir, "running", f.Name())
		var pid int
		var start uint64
		var boot string
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if n, _ := fmt.Sscan(string(text), &pid, &start, &boot); n == 3 && boot == r.boot {
			if err := endTree(pid, start); err != nil {
				return err
			}
		}
		if fields := strings.SplitN(string(text), " ", 4); len(fields) == 4 && strings.HasPrefix(filepath.Base(fields[3]), tempPrefix) {
			temps = append(temps, fields[3])
		}
		_ = os.Remove(path)
	}
	err = r.endMarked()
	for _, temp := range temps {
		_ = removeAll(temp)
	}
	return err
}

// endTree ends a process, if it is still the same, with everything that it has started: it
// is a subreaper, so all that is below it.
func endTree(pid int, start uint64) error {
	pidfd, err := unix.PidfdOpen(pid, 0)
	if err != nil {
		return nil //nolint:nilerr // it has ended
	}
	defer unix.Close(pidfd)
	stat, err := process.ReadStat(pid)
	if errors.Is(err, os.ErrNotExist) || err == nil && stat.Start != start {
		return nil
	}
	if err != nil {
		return err
	}
	if err := unix.PidfdSendSignal(pidfd, unix.SIGSTOP, nil, 0); err != nil && !errors.Is(err, unix.ESRCH) {
		return fmt.Errorf("process %d: %w", pid, err)
	}
	if err := process.KillDescendants(pid, nil); err != nil {
		return err
	}
	_ = unix.PidfdSendSignal(pidfd, unix.SIGKILL, nil, 0)
	return nil
}

// endMarked ends what has the mark of the directory in its environment: processes that have
// lost their ancestors. It looks again until there are none, because they may have started
// others meanwhile.
func (r *records) endMarked() error {
	const limit = 5 * time.Second
	mark := []byte(jobVariable + "=" + r.id + "/")
	for deadline := time.Now().Add(limit); ; {
		found, err := filepath.Glob("/proc/[0-9]*/environ")
		if err != nil {
			return err
		}
		var left []int
		for _, path := range found {
			pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(path)))
			if pid != r.pid && endIfMarked(pid, path, mark) {
				left = append(left, pid)
			}
		}
		if len(left) == 0 {
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("processes %v are still running after SIGKILL", left)
		}
		time.Sleep(time.Millisecond)
	}
}

// endIfMarked kills a process if it has the mark. The descriptor is there first, so that
// no other process with this pid is killed.
func endIfMarked(pid int, path string, mark []byte) bool {
	pidfd, err := unix.PidfdOpen(pid, 0)
	if err != nil {
		return false
	}
	defer unix.Close(pidfd)
	return isMarked(path, mark) && unix.PidfdSendSignal(pidfd, unix.SIGKILL, nil, 0) == nil
}

func isMarked(path string, mark []byte) bool {
	text, err := os.ReadFile(path)
	if err != nil {
		return false
	}
	return bytes.HasPrefix(text, mark) || bytes.Contains(text, append([]byte{0}, mark...))
}

// removeAll removes a directory of a job, even if the job has taken permissions away. Root
// does not need them, and must not change them by path: another job of the account can
// replace a directory by a link meanwhile.
func removeAll(dir string) error {
	if err := os.RemoveAll(dir); err == nil || os.Geteuid() == 0 {
		return err
	}
	_ = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if d != nil && d.IsDir() {
			_ = os.Chmod(path, 0o700) //nolint:gosec // it is removed
		}
		return nil
	})
	return os.RemoveAll(dir)
}
