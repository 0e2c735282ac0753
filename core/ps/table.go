package ps

import (
	"cmp"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/charmbracelet/x/ansi"

	"avescript/core/control"
	"avescript/core/printable"
)

// header is the names of the columns.
var header = []string{"PID", "NAME", "ACCOUNT", "PORT", "UPTIME", "MEMORY", "CLIENTS", "QUEUE"}

// WriteTable writes a line for each process, followed by an indented line for each call and
// lease of a service. Lines are cut to the width, unless it is 0.
func WriteTable(out io.Writer, list []Process, width int) error {
	rows := [][]string{header}
	for _, p := range list {
		rows = append(rows, p.columns())
	}
	widths := make([]int, len(header))
	for _, row := range rows {
		for i, cell := range row {
			widths[i] = max(widths[i], ansi.StringWidth(cell))
		}
	}
	var text strings.Builder
	for i, row := range rows {
		line := ""
		for i, cell := range row {
			line += cell + strings.Repeat(" ", widths[i]-ansi.StringWidth(cell)+2)
		}
		writeLine(&text, line, width)
		if i > 0 {
			for _, detail := range list[i-1].details() {
				writeLine(&text, "  "+detail, width)
			}
		}
	}
	_, err := io.WriteString(out, text.String())
	return err
}

func writeLine(text *strings.Builder, line string, width int) {
	line = strings.TrimRight(line, " ")
	if width > 0 {
		line = ansi.Truncate(line, width, "…")
	}
	text.WriteString(line + "\n")
}

// Title is the name of the process, and the script that it runs, in a form that is safe
// to print.
func (p *Process) Title() string {
	return printable.Line(strings.TrimSpace(p.Name + " " + p.Script))
}

// PortList lists the ports, separated by commas; "-" if the process has no port.
func (p *Process) PortList() string {
	texts := make([]string, len(p.Ports))
	for i, port := range p.Ports {
		texts[i] = strconv.Itoa(port)
	}
	return cmp.Or(strings.Join(texts, ","), "-")
}

func (p *Process) columns() []string {
	clients, queue := "-", "-"
	if p.Service != nil {
		clients, queue = strconv.Itoa(p.Service.Connections), strconv.Itoa(p.Service.Queue)
	}
	known := func(is bool, text string) string {
		if !is {
			return "-"
		}
		return text
	}
	return []string{
		known(p.PID != 0, strconv.Itoa(p.PID)), cmp.Or(p.Title(), "-"),
		known(p.Account != "", printable.Line(p.Account)), p.PortList(),
		duration(seconds(p.Uptime)), known(p.Memory != 0, size(p.Memory)), clients, queue,
	}
}

func (p *Process) details() (lines []string) {
	if s := p.Service; s != nil {
		for _, call := range s.Ongoing {
			lines = append(lines, "call "+call.text())
		}
		for _, lease := range s.Leases {
			lines = append(lines, "lease "+lease.text())
		}
	}
	if p.Error != "" {
		lines = append(lines, "incomplete: "+printable.Line(p.Error))
	}
	return lines
}

// text is "12 wait_for, for 3 s, by admin at 127.0.0.1:4711, ave-Client (815) of lab".
func (c *Call) text() string {
	text := fmt.Sprintf("%d %s, for %s, by %s", c.Number, printable.Line(c.Method), duration(seconds(c.Seconds)), who(&c.Client, c.Accounts, c.Process, c.Claims))
	switch {
	case c.Ended:
		text += ", told to end"
	case c.Waiting:
		text += ", waiting for its turn"
	}
	return text
}

func (l *Lease) text() string {
	text := fmt.Sprintf("%s %s, for %s", printable.Line(string(l.Lease)), printable.Line(string(l.Profile)), duration(l.age()))
	if l.Client == nil {
		text += ", being closed"
	} else {
		text += ", by " + who(l.Client, l.Accounts, l.Process, l.Claims)
	}
	if l.Token != "" {
		text += ", token " + printable.Line(l.Token)
	}
	if l.Reason != "" {
		text += ": " + printable.Line(l.Reason)
	}
	return text
}

// who describes a client: its accounts, its address, and its process if that is one of ours
// on this host. For any other client it is what the client says about itself.
func who(client *[2]any, accounts []string, process *Peer, claims *control.Claims) string {
	text := printable.Line(fmt.Sprintf("%v:%v", client[0], client[1]))
	if len(accounts) > 0 {
		text = printable.Line(strings.Join(accounts, "+")) + " at " + text
	}
	switch {
	case process != nil:
		text += fmt.Sprintf(", %s (%d) of %s", printable.Line(process.Name), process.PID, printable.Line(process.Account))
	case claims != nil:
		text += fmt.Sprintf(", says it is %s (%d) of %s on %s", claim(claims.Name), claims.PID, claim(claims.Account), claim(claims.Host))
	}
	return text
}

// claim is one thing that a client says about itself. The client may have left it out.
func claim(text string) string { return cmp.Or(printable.Line(text), "?") }

func seconds(n float64) time.Duration { return time.Duration(n * float64(time.Second)) }

// duration formats a duration with at most two units.
func duration(d time.Duration) string {
	d = max(d, 0)
	const day = 24 * time.Hour
	switch {
	case d < 10*time.Second:
		return fmt.Sprintf("%.1fs", d.Seconds())
	case d < time.Minute:
		return fmt.Sprintf("%ds", d/time.Second)
	case d < time.Hour:
		return fmt.Sprintf("%dm%02ds", d/time.Minute, d%time.Minute/time.Second)
	case d < day:
		return fmt.Sprintf("%dh%02dm", d/time.Hour, d%time.Hour/time.Minute)
	}
	return fmt.Sprintf("%dd%02dh", d/day, d%day/time.Hour)
}

// size formats a number of bytes in the largest unit that fits.
func size(bytes int64) string {
	const unit = 1024
	n, units := float64(bytes), "BKMGT"
	for n >= unit && len(units) > 1 {
		n, units = n/unit, units[1:]
	}
	return fmt.Sprintf("%.0f%c", n, units[0])
}
