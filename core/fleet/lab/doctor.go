package lab

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"avescript/core/columns"
	"avescript/core/config"
	"avescript/core/fleet/link"
	"avescript/core/fleet/programs"
	"avescript/core/fleet/wire"
	"avescript/core/printable"
)

// What the doctor does not accept.
const (
	mostClockDifference = 5 * time.Second
	leastDisk           = 1 << 30
)

// checkTime is how long a check may take; tests have less.
var checkTime = 5 * time.Second

// ErrUnwell means that the doctor has found something, and has said so.
var ErrUnwell = errors.New("something is wrong")

// Doctor checks whether this account can use its lab, and says what to do if it cannot.
// Version is that of this program.
func Doctor(ctx context.Context, out io.Writer, version string) error {
	d := &doctor{ctx: ctx, out: out, version: version, visited: map[string]bool{}}
	d.program()
	d.disk()
	d.broker()
	for _, c := range d.configs() {
		d.account(c)
	}
	d.cluster()
	if d.wrong > 0 {
		return ErrUnwell
	}
	return nil
}

type doctor struct {
	ctx     context.Context
	out     io.Writer
	version string
	wrong   int
	looked  bool            // at the lab
	visited map[string]bool // hubs of a cluster by address: whether all is well
}

func (d *doctor) say(word, subject, text string) {
	fmt.Fprintf(d.out, "%-6s %s: %s\n", word, subject, printable.Lines(text, "       "))
}

func (d *doctor) good(subject, format string, args ...any) {
	d.say("ok", subject, fmt.Sprintf(format, args...))
}

func (d *doctor) bad(subject, format string, args ...any) {
	d.wrong++
	d.say("WRONG", subject, fmt.Sprintf(format, args...))
}

// note is something that may be right.
func (d *doctor) note(subject, format string, args ...any) {
	d.say("note", subject, fmt.Sprintf(format, args...))
}

// configs finds what this account is in a lab.
func (d *doctor) configs() (configs []link.Config) {
	damaged := false
	for _, role := range []string{wire.Admin, wire.User, wire.Viewer, wire.Worker} {
		c, err := link.Find(role)
		switch {
		case err == nil && !slices.Contains(configs, c):
			d.secret(role)
			configs = append(configs, c)
		case err != nil && !errors.Is(err, os.ErrNotExist):
			d.bad("account", "%v", err)
			damaged = true
		}
	}
	if len(configs) == 0 && !damaged {
		d.bad("account", "this account has joined no lab: start one with 'avescript lab start', or join one with 'avescript lab join LINE'")
	}
	return configs
}

// secret checks that nobody else can read the key of this account.
func (d *doctor) secret(role string) {
	path, err := link.Path(role)
	if err != nil {
		return
	}
	if info, err := os.Stat(path); err == nil && info.Mode()&0o077 != 0 {
		d.bad("account", "others can use the key in %s: chmod 600 it, and if somebody may have read it, have it revoked and join again", path)
	}
}

// account checks the way to the hub, in the order in which things can be wrong.
func (d *doctor) account(c link.Config) {
	subject := c.Role + " " + c.Name
	if c.Others != "" {
		if !d.anyHub(c) {
			d.bad(subject, "it can reach no hub of its lab")
			return
		}
	} else if err := d.reach(c.Pin, hostOf(c.URL)); err != nil {
		d.bad(subject, "%v", err)
		return
	}
	ctx, cancel := context.WithTimeout(d.ctx, 2*checkTime)
	defer cancel()
	l, err := link.Dial(ctx, c)
	if err != nil {
		d.bad(subject, "%v", err)
		return
	}
	defer l.Close()
	began := time.Now()
	answer, err := l.Request(ctx, wire.VerbLab, nil)
	if err != nil || answer.Lab == nil {
		if c.Others != "" {
			d.bad(subject, "no hub leads the lab: two hubs must run and reach each other: see their logs: %v", err)
			return
		}
		d.bad(subject, "the hub is there, but its scheduler does not answer: see the log of the hub: %v", err)
		return
	}
	took := time.Since(began)
	d.good(subject, "the hub at %s answers within %s", l.Conn.ConnectedUrlRedacted(), max(took.Round(time.Millisecond), time.Millisecond))
	if !d.looked {
		d.looked = true
		d.hubs(c, answer.Lab.Hubs)
		d.lab(answer.Lab, took)
	}
}

// reach checks the network and the certificate.
func (d *doctor) reach(pin, address string) error {
	dialer := &net.Dialer{Timeout: checkTime}
	conn, err := dialer.DialContext(d.ctx, "tcp", address)
	if err != nil {
		return fmt.Errorf("cannot reach the hub: %w: check that it runs, the name of its host, and firewalls", err)
	}
	defer conn.Close()
	if pin == "" {
		return nil
	}
	_ = conn.SetDeadline(time.Now().Add(checkTime))
	err = tls.Client(conn, link.Pinned(pin)).HandshakeContext(d.ctx)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return fmt.Errorf("%s takes connections, but does not answer: the hub is stopped or has too much to do, or another program listens there", address)
	}
	if err != nil {
		return fmt.Errorf("%s does not prove that it is the hub of this lab: %w: if the hub was made anew, join it again", address, err)
	}
	return nil
}

// lab checks what the hub says.
func (d *doctor) lab(lab *wire.Lab, took time.Duration) {
	difference := columns.Seconds(float64(time.Now().UnixMicro())/1e6-lab.Time) - took/2
	if math.Abs(difference.Seconds()) > mostClockDifference.Seconds() {
		d.note("clock", "it differs by %s from that of the hub: times that are shown are wrong, everything else works", difference.Abs().Round(time.Second))
	} else {
		d.good("clock", "it agrees with that of the hub")
	}
	var up, down, others []string
	for _, h := range lab.Hosts {
		if h.State == "up" {
			up = append(up, h.Name)
		} else {
			down = append(down, strings.TrimSuffix(fmt.Sprintf("%s is %s (%s)", h.Name, h.State, h.Reason), " ()"))
		}
		if h.Version != "" && h.Version != d.version {
			others = append(others, fmt.Sprintf("%s has %s", h.Name, h.Version))
		}
		if h.Broker != "" {
			d.note("host "+printable.Line(h.Name), "its broker: %s", h.Broker)
		}
	}
	if len(up) == 0 {
		d.note("hosts", "none is up: a host joins with the line that 'avescript lab invite' prints")
	} else {
		d.good("hosts", "up: %s", strings.Join(up, " "))
	}
	if len(down) > 0 {
		d.note("hosts", "some get no jobs: %s", strings.Join(down, ", "))
	}
	if len(others) > 0 {
		d.note("versions", "this is %s, but %s: submitted runs carry their own program along", d.version, strings.Join(others, ", "))
	}
}

// program checks avescript, which runs the jobs.
func (d *doctor) program() {
	path, err := programs.Avescript()
	if err != nil {
		d.bad("program", "%v", err)
		return
	}
	ctx, cancel := context.WithTimeout(d.ctx, checkTime)
	defer cancel()
	text, err := exec.CommandContext(ctx, path, "--version").Output()
	if err != nil {
		d.bad("program", "%s does not run: %v: install it again", path, err)
		return
	}
	d.good("program", "%s is %s", path, strings.TrimSpace(string(text)))
}

// disk checks the room for code, output and artifacts.
func (d *doctor) disk() {
	dir, err := link.Dir()
	if err != nil {
		d.bad("disk", "%v", err)
		return
	}
	for {
		var s unix.Statfs_t
		err := unix.Statfs(dir, &s)
		if errors.Is(err, unix.ENOENT) && dir != filepath.Dir(dir) {
			dir = filepath.Dir(dir)
			continue
		}
		free := int64(s.Bavail) * s.Bsize
		switch {
		case err != nil:
			d.bad("disk", "%s: %v", dir, err)
		case free < leastDisk:
			d.bad("disk", "only %s are free in %s: make room, because a hub that cannot write accepts no runs", columns.Size(free), dir)
		default:
			d.good("disk", "%s are free in %s", columns.Size(free), dir)
		}
		return
	}
}

// broker checks the equipment of this host.
func (d *doctor) broker() {
	home, err := brokerHome("")
	if err == nil && home == "" {
		d.note("broker", "this host has none, so it has no equipment for the lab")
		return
	}
	if err != nil {
		d.bad("broker", "%v", err)
		return
	}
	b, err := config.LoadBroker(home)
	if err != nil {
		d.bad("broker", "%v", err)
		return
	}
	address := net.JoinHostPort("127.0.0.1", fmt.Sprint(b.Port))
	conn, err := net.DialTimeout("tcp", address, checkTime)
	if err != nil {
		d.bad("broker", "it does not answer at %s: %v: start it with 'ave-broker --start'", address, err)
		return
	}
	conn.Close()
	d.good("broker", "it answers at %s", address)
}
