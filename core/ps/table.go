package ps

import (
	"cmp"
	"fmt"
	"io"
	"strconv"
	"strings"

	"avescript/core/columns"
	"avescript/core/control"
	"avescript/core/printable"
)

// header is the names of the columns.
var header = []string{"PID", "NAME", "ACCOUNT", "PORT", "UPTIME", "MEMORY", "CLIENTS", "QUEUE"}

// WriteTable writes a line for each process, followed by an indented line for each call and
// lease of a service. Lines are cut to the width, unless it is 0.
func WriteTable(out io.Writer, list []Process, width int) error {
	rows := []columns.Row{{Cells: header}}
	for _, p := range list {
		rows = append(rows, columns.Row{Cells: p.columns(), Details: p.details()})
	}
	return columns.Write(out, rows, width)
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
		columns.Duration(columns.Seconds(p.Uptime)), known(p.Memory != 0, columns.Size(p.Memory)), clients, queue,
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
	text := fmt.Sprintf("%d %s, for %s, by %s", c.Number, printable.Line(c.Method), columns.Duration(columns.Seconds(c.Seconds)), who(&c.Client, c.Accounts, c.Process, c.Claims))
	switch {
	case c.Ended:
		text += ", told to end"
	case c.Waiting:
		text += ", waiting for its turn"
	}
	return text
}

func (l *Lease) text() string {
	text := fmt.Sprintf("%s %s, for %s", printable.Line(string(l.Lease)), printable.Line(string(l.Profile)), columns.Duration(l.age()))
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
