package lab

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"sync"
	"time"

	"avescript/core/config"
	"avescript/core/fleet/host"
	"avescript/core/fleet/link"
	"avescript/core/fleet/programs"
	"avescript/core/fleet/wire"
	"avescript/core/systemd"
)

// rootHostDir is the directory of a host that runs as root: other accounts, as which jobs
// run, cannot reach the home of root. The service has the same.
const rootHostDir = "/var/lib/avelab-host"

// DefaultHostDir is where a host keeps its files unless another directory is named.
func DefaultHostDir() (string, error) { return defaultHostDir(os.Geteuid()) }

func defaultHostDir(uid int) (string, error) {
	if uid == 0 {
		return rootHostDir, nil
	}
	dir, err := link.Dir()
	return filepath.Join(dir, "host"), err
}

// noBroker is the value of an option that says that the fleet must not use equipment.
const noBroker = "none"

// Work runs this host for the lab, until ctx ends or somebody calls [Leave]. The options
// have no program, and Broker may be "": then they are found.
func Work(ctx context.Context, o host.Options, out io.Writer) (err error) {
	manager := systemd.Take()
	o.Log = logTo(out)
	if o.Program, err = programs.Avescript(); err != nil {
		return err
	}
	if o.Broker, err = brokerHome(o.Broker); err != nil {
		return err
	}
	o.Ready = func() {
		fmt.Fprintf(out, "This host works for the lab at %s as %s.\n", o.Link.URL, o.Link.Name)
		if manager != nil {
			if err := manager.Ready(os.Getpid()); err != nil {
				o.Log("%v", err)
			}
		}
	}
	door, err := openDoor(o.Dir)
	if err != nil {
		return err
	}
	defer door.close()
	o.Leave = door.leave
	o.AtOnce = soon(ctx, o.AtOnce)
	return host.Run(ctx, o)
}

// endTime is how long a host that is told to end may take for the teardown of its jobs, and
// to tell the hub what became of them. The hub may be gone.
const endTime = 30 * time.Second

// soon is closed some time after ctx has ended, or when now is.
func soon(ctx context.Context, now <-chan struct{}) <-chan struct{} {
	done := make(chan struct{})
	go func() {
		defer close(done)
		select {
		case <-now:
			return
		case <-ctx.Done():
		}
		select {
		case <-now:
		case <-time.After(endTime):
		}
	}()
	return done
}

// brokerHome is the home of the account that runs the broker of this host: as it was named,
// that of the machine's configuration, or this account's own if it has one.
func brokerHome(named string) (string, error) {
	switch named {
	case noBroker:
		return "", nil
	case "":
	default:
		return named, nil
	}
	etc, err := config.LoadEtc()
	if err == nil {
		return etc.Home, nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", nil //nolint:nilerr // an account without a home has no broker
	}
	if _, err := os.Stat(config.Path(home, "broker")); err != nil {
		return "", nil //nolint:nilerr // no broker was configured
	}
	return home, nil
}

// door is a socket by which a host process is told to leave. Whoever may read its directory
// may do that. A connection ends when the process does.
type door struct {
	listener net.Listener
	leave    chan struct{}
	once     sync.Once

	mu    sync.Mutex
	conns []net.Conn // which end with the process, not when nobody refers to them
}

// lookAgain is the time between two looks whether a predecessor has ended.
const lookAgain = 50 * time.Millisecond

func doorPath(dir string) string { return filepath.Join(dir, "leave.sock") }

// errHostRuns is checked by the host itself, with a lock; here it keeps the socket of the
// process that runs.
var errHostRuns = errors.New("a host process runs already: end it first, or use another directory")

func openDoor(dir string) (*door, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	for end := time.Now().Add(host.Lingers); ; time.Sleep(lookAgain) {
		conn, err := net.Dial("unix", doorPath(dir))
		if err != nil {
			break
		}
		conn.Close()
		if time.Now().After(end) {
			return nil, fmt.Errorf("in %s %w", dir, errHostRuns)
		}
	}
	if err := os.Remove(doorPath(dir)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	listener, err := net.Listen("unix", doorPath(dir))
	if err != nil {
		return nil, fmt.Errorf("listen for 'leave': %w", err)
	}
	if err := os.Chmod(doorPath(dir), 0o600); err != nil {
		listener.Close()
		return nil, err
	}
	d := &door{listener: listener, leave: make(chan struct{})}
	go d.serve()
	return d, nil
}

// serve takes connections. They are left open: their end tells that the process has ended.
func (d *door) serve() {
	for {
		conn, err := d.listener.Accept()
		if err != nil {
			return
		}
		d.mu.Lock()
		d.conns = append(d.conns, conn)
		d.mu.Unlock()
		go func() {
			line, _ := bufio.NewReader(io.LimitReader(conn, 100)).ReadString('\n')
			if line != leaveWord {
				conn.Close()
				return
			}
			d.once.Do(func() { close(d.leave) })
			_, _ = io.WriteString(conn, leaveWord)
		}()
	}
}

const leaveWord = "leave\n"

func (d *door) close() {
	d.listener.Close()
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, conn := range d.conns {
		conn.Close()
	}
}

// Leave tells the host process in a directory to end after its jobs, and waits for that
// until ctx ends.
func Leave(ctx context.Context, dir string, out io.Writer) error {
	conn, err := net.Dial("unix", doorPath(dir))
	if err != nil {
		return fmt.Errorf("no host process runs here with the directory %s: name another one with --dir: %w", dir, err)
	}
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()
	defer conn.Close()
	if _, err := io.WriteString(conn, leaveWord); err != nil {
		return err
	}
	in := bufio.NewReader(conn)
	if answer, err := in.ReadString('\n'); err != nil || answer != leaveWord {
		return cmp.Or(ctx.Err(), fmt.Errorf("the host process did not answer: %w", err))
	}
	fmt.Fprintln(out, "This host takes no more jobs. It ends when it has none.")
	_, _ = io.Copy(io.Discard, in) // until the process has ended
	return ctx.Err()
}

// LeaveAndForget is [Leave], after which the key of this host can be removed.
func LeaveAndForget(ctx context.Context, out io.Writer, dir string, forget bool) error {
	err := Leave(ctx, dir, out)
	if err != nil {
		return err
	}
	fmt.Fprintln(out, "This host has left.")
	if !forget {
		return nil
	}
	config, err := link.Find(wire.Worker)
	if err != nil {
		return err
	}
	if err := Forget(wire.Worker); err != nil {
		return err
	}
	fmt.Fprintf(out, "Its key is removed. An administrator of the lab can do the rest:\n  %s revoke worker %s\n  %[1]s forget %s\n", CommandName(), config.Name, config.Name)
	return nil
}
