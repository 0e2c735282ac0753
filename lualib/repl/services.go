package repl

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/charmbracelet/x/ansi"

	"avescript/core/hickup"
	"avescript/core/printable"
	"avescript/core/process"
	"avescript/core/ps"
)

// The commands :services and :hickup.

// askingTime is how long a service may take to answer questions about itself.
const askingTime = 2 * time.Second

// localServices are the services of this host, asked with the key of the administrator,
// and the scripts that listen: a service can run in the process of a script.
func (r *repl) localServices(ctx context.Context, limit time.Duration) ([]ps.Process, error) {
	options := r.Client
	options.Timeout = limit
	options.Authkey = cmp.Or(options.Authkey, ps.AdminKey())
	list, err := ps.Local(ctx, options)
	return slices.DeleteFunc(list, func(p ps.Process) bool { return !isService(p) && len(p.Ports) == 0 }), err
}

func isService(p ps.Process) bool { return strings.HasPrefix(p.Name, process.NamePrefix) }

// runServices lists the services of this host.
func (r *repl) runServices(ctx context.Context, args string) (string, error) {
	if args != "" {
		return "", fmt.Errorf(":services takes no arguments: got %q", args)
	}
	list, err := r.localServices(ctx, askingTime)
	switch {
	case err != nil:
		return "", err
	case len(list) == 0:
		return "there are no services on this host", nil
	}
	return servicesTable(list, r.width()), nil
}

// servicesTable has one line for each service, or two lines if one is too narrow.
func servicesTable(list []ps.Process, width int) string {
	rows := [][]string{{"PORT", "NAME", "PID", "ACCOUNT", "STATE"}}
	for _, p := range list {
		rows = append(rows, []string{p.PortList(), p.Title(), strconv.Itoa(p.PID), printable.Line(p.Account), stateOf(p)})
	}
	text := columns(rows, "r", width)
	if text != "" {
		return text
	}
	var b strings.Builder
	for _, row := range rows[1:] {
		b.WriteString(ansi.Truncate(fmt.Sprintf("%s port %s", row[1], row[0]), width, "…") + "\n")
		b.WriteString(ansi.Wordwrap(fmt.Sprintf("  pid %s of %s: %s", row[2], row[3], row[4]), width, "") + "\n")
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// stateOf describes the state of a service in a few words.
func stateOf(p ps.Process) string {
	switch s := p.Service; {
	case s == nil && len(p.Ports) == 0:
		return "does not listen"
	case s == nil && !isService(p):
		return "a script"
	case s == nil:
		return printable.Line(cmp.Or(p.Error, "unknown"))
	case strings.Contains(p.Error, "not authorized"), strings.Contains(p.Error, "not authenticated"):
		return "up; the key of admin would show more"
	case p.Error != "":
		return "up, " + printable.Line(p.Error)
	default:
		state := count(s.Connections, "client")
		if n := len(s.Ongoing); n > 0 {
			state += fmt.Sprintf(", %s under way", count(n, "call"))
			if s.Queue > 0 {
				state += fmt.Sprintf(", %d of them waiting", s.Queue)
			}
		}
		if n := len(s.Leases); n > 0 {
			state += ", " + count(n, "lease")
		}
		return state
	}
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// columns puts rows into columns; "" if they are wider than width. The columns in right
// are aligned to the right, by their numbers.
func columns(rows [][]string, right string, width int) string {
	widths := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, cell := range row {
			widths[i] = max(widths[i], ansi.StringWidth(cell))
		}
	}
	var lines []string
	for _, row := range rows {
		line := ""
		for i, cell := range row {
			pad := strings.Repeat(" ", widths[i]-ansi.StringWidth(cell))
			if i < len(right) && right[i] == 'r' {
				line += pad + cell + "  "
			} else {
				line += cell + pad + "  "
			}
		}
		line = strings.TrimRight(line, " ")
		if width > 0 && ansi.StringWidth(line) > width {
			return ""
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}

// hickupTime is how long processes may take to write what they are doing.
const hickupTime = 10 * time.Second

// runHickup shows what a process is doing: Lua's threads, and not Go's.
func (r *repl) runHickup(ctx context.Context, args string) (string, error) {
	names := strings.Fields(args)
	if len(names) > 1 {
		return "", fmt.Errorf(":hickup takes one PID or NAME, or nothing for the target: got %d", len(names))
	}
	if len(names) == 0 {
		pid, err := r.targetPID(ctx)
		if err != nil {
			return "", err
		}
		names = []string{strconv.Itoa(pid)}
	}
	targets, err := hickup.Targets(names)
	if err != nil {
		return "", err
	}
	if len(targets) == 0 {
		return "", fmt.Errorf("no service or script %s of this user: :services lists what there is", names[0])
	}
	var text strings.Builder
	missing, err := hickup.Ask(ctx, &text, "", targets, false, hickupTime)
	if err == nil && missing == len(targets) {
		err = fmt.Errorf("%s did not answer within %s: it may hang in the kernel", names[0], readable(hickupTime))
	}
	return strings.TrimRight(text.String(), "\n"), err
}

// targetPID finds the process of the target, if it is on this host.
func (r *repl) targetPID(ctx context.Context) (int, error) {
	t := r.target.Load()
	if t == nil {
		return 0, errors.New("there is no target: give a PID or NAME, or choose a target with :connect [HOST:]PORT")
	}
	address := t.client.Address()
	if !isThisHost(address.Host) {
		return 0, fmt.Errorf("the target is on %s, and :hickup is for processes of this host: run 'avescript hickup' there", address.Host)
	}
	list, err := r.localServices(ctx, askingTime)
	if err != nil {
		return 0, err
	}
	for _, p := range list {
		if slices.Contains(p.Ports, address.Port) {
			return p.PID, nil
		}
	}
	return 0, fmt.Errorf("no service or script of this user listens on port %d of this host", address.Port)
}

func isThisHost(host string) bool {
	if address, err := netip.ParseAddr(host); err == nil {
		return address.IsLoopback()
	}
	name, _ := os.Hostname()
	return host == "" || host == "localhost" || host == name
}

// listedServices are the services of this host, for completing their names. They are
// looked for in the background.
type listedServices struct {
	mu    sync.Mutex
	known []ps.Process
	until time.Time // after that, they are looked for again
	later chan struct{}
}

// get gives what is known; later is closed when there may be more.
func (l *listedServices) get(find func() []ps.Process) (known []ps.Process, later <-chan struct{}) {
	const fresh = 5 * time.Second
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.later == nil && time.Now().After(l.until) {
		l.later = make(chan struct{})
		go func() {
			found := find()
			l.mu.Lock()
			defer l.mu.Unlock()
			l.known, l.until = found, time.Now().Add(fresh)
			close(l.later)
			l.later = nil
		}()
	}
	if l.later == nil {
		return l.known, nil
	}
	return l.known, l.later
}
