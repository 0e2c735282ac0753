package host

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"avescript/core/fleet/wire"
)

// groups are the control groups of jobs, below that of this process. The kernel kills a
// group at once and as a whole, and limits its memory. They exist only as root with version
// 2 of control groups. All methods can be called for nil.
type groups struct {
	dir    string
	memory bool // the memory of a group can be limited
}

// openGroups returns nil if there cannot be groups.
func openGroups(id string) *groups {
	if os.Geteuid() != 0 {
		return nil
	}
	base := ownGroup()
	if base == "" {
		return nil
	}
	g := &groups{dir: filepath.Join(base, "avelab-"+id)}
	if err := os.Mkdir(g.dir, 0o755); err != nil && !errors.Is(err, os.ErrExist) {
		return nil
	}
	g.memory = g.delegate(base) == nil
	return g
}

// ownGroup is the directory of the control group of this process, "" if there is none.
func ownGroup() string {
	mount := ""
	eachLine("/proc/self/mountinfo", func(line string) {
		before, after, _ := strings.Cut(line, " - ")
		fields := strings.Fields(before)
		if strings.HasPrefix(after, "cgroup2 ") && len(fields) > 4 {
			mount = fields[4]
		}
	})
	own := ""
	eachLine("/proc/self/cgroup", func(line string) {
		if path, ok := strings.CutPrefix(line, "0::"); ok && mount != "" {
			own = filepath.Join(mount, path)
		}
	})
	return own
}

func eachLine(path string, fn func(string)) {
	f, err := os.Open(path)
	if err != nil {
		return
	}
	defer f.Close()
	for scanner := bufio.NewScanner(f); scanner.Scan(); {
		fn(scanner.Text())
	}
}

// delegate lets groups limit memory. A group that has processes of its own cannot pass on
// controllers, so this process moves out of its group, if it is alone there, as in a unit
// of systemd.
func (g *groups) delegate(base string) error {
	available, err := os.ReadFile(filepath.Join(base, "cgroup.controllers"))
	if err != nil {
		return err
	}
	if !strings.Contains(" "+strings.TrimSpace(string(available))+" ", " memory ") {
		return errors.New("there is no controller for memory")
	}
	err = write(filepath.Join(base, "cgroup.subtree_control"), "+memory")
	if errors.Is(err, syscall.EBUSY) && aloneIn(base) {
		own := filepath.Join(base, "host")
		if err = os.Mkdir(own, 0o755); err == nil || errors.Is(err, os.ErrExist) {
			err = write(filepath.Join(own, "cgroup.procs"), strconv.Itoa(os.Getpid()))
		}
		if err == nil {
			err = write(filepath.Join(base, "cgroup.subtree_control"), "+memory")
		}
	}
	if err == nil {
		err = write(filepath.Join(g.dir, "cgroup.subtree_control"), "+memory")
	}
	return err
}

func aloneIn(group string) bool {
	text, err := os.ReadFile(filepath.Join(group, "cgroup.procs"))
	return err == nil && strings.TrimSpace(string(text)) == strconv.Itoa(os.Getpid())
}

func write(path, text string) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	return errors.Join(err, f.Close())
}

func (g *groups) path(token wire.Token) string { return filepath.Join(g.dir, "job-"+token.String()) }

// add makes the group of a job. A process is started in it by the descriptor. Memory is in
// bytes; 0 is without limit.
func (g *groups) add(token wire.Token, memory int64) (*os.File, error) {
	if g == nil {
		return nil, nil
	}
	path := g.path(token)
	if err := os.Mkdir(path, 0o755); err != nil && !errors.Is(err, os.ErrExist) {
		return nil, fmt.Errorf("control group of a job: %w", err)
	}
	if memory > 0 && g.memory {
		if err := write(filepath.Join(path, "memory.max"), strconv.FormatInt(memory, 10)); err != nil {
			return nil, fmt.Errorf("memory of a job: %w", err)
		}
		_ = write(filepath.Join(path, "memory.swap.max"), "0")
	}
	return os.Open(path)
}

// kill kills all processes of a job.
func (g *groups) kill(token wire.Token) {
	if g != nil {
		_ = write(filepath.Join(g.path(token), "cgroup.kill"), "1")
	}
}

// remove removes the group of a job whose processes are dead.
func (g *groups) remove(token wire.Token) {
	if g != nil {
		removeGroup(g.path(token))
	}
}

// removeGroup waits for the kernel, which may still have dead processes in the group.
func removeGroup(path string) {
	const limit = time.Second
	for deadline := time.Now().Add(limit); ; time.Sleep(time.Millisecond) {
		err := syscall.Rmdir(path)
		if err == nil || !errors.Is(err, syscall.EBUSY) || time.Now().After(deadline) {
			return
		}
	}
}

// killLeft kills the jobs of a predecessor, which may have run in another group, such as
// that of another login. A file says where its groups are, and now says where these are.
func (g *groups) killLeft(file string) error {
	var places []string
	if text, err := os.ReadFile(file); err == nil {
		places = append(places, string(text))
	}
	if g != nil {
		places = append(places, g.dir)
	}
	for _, place := range places {
		left, _ := filepath.Glob(filepath.Join(place, "job-*"))
		for _, path := range left {
			_ = write(filepath.Join(path, "cgroup.kill"), "1")
			removeGroup(path)
		}
		if g == nil || place != g.dir {
			_ = syscall.Rmdir(place)
		}
	}
	if g == nil {
		return nil
	}
	return replaceFile(file, []byte(g.dir))
}

// close removes what is left of the groups.
func (g *groups) close() {
	if g != nil {
		_ = syscall.Rmdir(g.dir)
	}
}
