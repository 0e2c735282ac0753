package broker

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"avescript/core/exceptions"
	"avescript/core/fleet/programs"
	"avescript/core/process"
	"avescript/lualib/bind"
)

// helperClass is the class of host.help: a program that reads a line of JSON, says lines
// of JSON, and works until its standard input is closed. So it ends when this process
// does.
var helperClass = bind.Class{
	Name: "Helper",
	Init: bind.MadeBy("Helper", "ave.broker.host.help"),
	Methods: []bind.Fn{
		bind.Func("close", "seconds?", helperClose),
		bind.Func("is_alive", "", helperIsAlive),
		bind.Func("read", "seconds?", helperRead),
	},
}

// mostSaid is how much of the end of what a helper writes to standard error is kept.
const mostSaid = 4 << 10

type helper struct {
	name  string
	child *process.Child
	in    *os.File
	lines chan string // closed at the end of its output

	mu   sync.Mutex
	said []byte // the end of its standard error
}

// hostHelp starts a program with its arguments, and sends it a line.
func hostHelp(c *bind.Call) error {
	var words []string
	var text string
	if err := c.Args(&words, &text); err != nil {
		return err
	}
	var h *helper
	var err error
	c.Unlocked(func(context.Context) { h, err = help(words, text) })
	if err != nil {
		return err
	}
	return c.Return(bind.New(c.L, &helperClass, h))
}

func help(words []string, text string) (*helper, error) {
	var ours, theirs [3]*os.File // standard input, output and error
	closeAll := func(files [3]*os.File) {
		for _, file := range files {
			file.Close() // nil is no file
		}
	}
	defer func() { closeAll(theirs) }()
	for i := range ours {
		r, w, err := os.Pipe()
		if err != nil {
			closeAll(ours)
			return nil, fmt.Errorf("start %s: %w", words[0], err)
		}
		ours[i], theirs[i] = r, w
		if i == 0 {
			ours[i], theirs[i] = w, r
		}
	}
	child, err := process.Start(process.Spec{
		Path: words[0], Args: words, Env: programs.Environment(), OwnGroup: true,
		Files: map[int]*os.File{0: theirs[0], 1: theirs[1], 2: theirs[2]},
	})
	if err != nil {
		closeAll(ours)
		return nil, err
	}
	h := &helper{name: filepath.Base(words[0]), child: child, in: ours[0], lines: make(chan string, 1)}
	heard := make(chan struct{})
	go h.hear(ours[2], heard)
	go h.listen(ours[1], heard)
	if _, err := io.WriteString(h.in, text+"\n"); err != nil && !errors.Is(err, syscall.EPIPE) { // it says why it has ended
		h.end(0)
		return nil, fmt.Errorf("tell %s what to do: %w", h.name, err)
	}
	return h, nil
}

// listen reads its lines. Nobody may read them all: only the last one is kept then.
func (h *helper) listen(out *os.File, heard chan struct{}) {
	defer close(h.lines)
	defer out.Close()
	for reader := bufio.NewReader(out); ; {
		line, err := reader.ReadString('\n')
		if err != nil {
			break
		}
		select {
		case h.lines <- line:
			continue
		default:
		}
		select {
		case <-h.lines:
		default:
		}
		h.lines <- line
	}
	<-heard
}

// hear keeps the end of what it writes to standard error.
func (h *helper) hear(from *os.File, heard chan struct{}) {
	defer close(heard)
	defer from.Close()
	for buffer := make([]byte, mostSaid); ; {
		n, err := from.Read(buffer)
		h.mu.Lock()
		h.said = append(h.said, buffer[:n]...)
		h.said = h.said[max(0, len(h.said)-mostSaid):]
		h.mu.Unlock()
		if err != nil {
			return
		}
	}
}

// errEnded says that the helper has ended without an answer, and what it has said.
func (h *helper) errEnded() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	return exceptions.Exception.Newf("%s has ended: %s", h.name, strings.TrimSpace(string(h.said)))
}

// end closes its input. If it does not end within the time, it is killed.
func (h *helper) end(limit time.Duration) {
	_ = h.in.Close()
	if _, err := h.child.Join(context.Background(), limit); err != nil {
		_ = h.child.Signal(syscall.SIGKILL)
		_, _ = h.child.Join(context.Background(), -1)
	}
}

// helperRead returns the next line. If it does not come in time, or if the call is ended,
// the helper is ended too.
func helperRead(c *bind.Call) error {
	h, err := bind.Self[*helper](c)
	if err != nil {
		return err
	}
	var limit bind.Seconds
	if err := c.Args(&limit); err != nil {
		return err
	}
	var line string
	c.Unlocked(func(ctx context.Context) { line, err = h.read(ctx, limit.Timeout()) })
	if err != nil {
		return err
	}
	return c.Return(line)
}

func (h *helper) read(ctx context.Context, limit time.Duration) (string, error) {
	var late <-chan time.Time
	if limit >= 0 {
		timer := time.NewTimer(limit)
		defer timer.Stop()
		late = timer.C
	}
	select {
	case line, ok := <-h.lines:
		if !ok {
			return "", h.errEnded()
		}
		return line, nil
	case <-late:
		h.end(0)
		return "", exceptions.Timeout.Newf("%s has not answered within %v", h.name, limit)
	case <-ctx.Done():
		h.end(0)
		return "", context.Cause(ctx)
	}
}

func helperIsAlive(c *bind.Call) error {
	h, err := bind.Self[*helper](c)
	if err != nil {
		return err
	}
	return c.Return(h.child.Alive())
}

// helperClose ends the helper, and waits until it has.
func helperClose(c *bind.Call) error {
	h, err := bind.Self[*helper](c)
	if err != nil {
		return err
	}
	var limit bind.Seconds
	if err := c.Args(&limit); err != nil {
		return err
	}
	c.Unlocked(func(context.Context) { h.end(limit.Or(0)) })
	return nil
}

// hostLab returns the path of the program that talks to a fleet.
func hostLab(c *bind.Call) error {
	if err := c.Args(); err != nil {
		return err
	}
	path, err := programs.Avelab()
	if err != nil {
		return exceptions.Exception.Newf("%w", err)
	}
	return c.Return(path)
}
