// Package probe looks into a service from a command line: it lists the methods
// and makes calls whose arguments are words.
package probe

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"time"

	"avescript/core/connection"
	"avescript/core/control"
	"avescript/core/exceptions"
	"avescript/core/printable"
	"avescript/core/rpcjson"
)

// ParseAddress reads HOST:PORT, or PORT of this host.
func ParseAddress(text string) (connection.Address, error) {
	host, port := "", text
	if strings.Contains(text, ":") {
		var err error
		if host, port, err = net.SplitHostPort(text); err != nil {
			return connection.Address{}, fmt.Errorf("wanted HOST:PORT, got %q", text)
		}
	}
	number, err := strconv.ParseUint(port, 10, 16)
	if err != nil || number == 0 {
		return connection.Address{}, fmt.Errorf("wanted HOST:PORT with a port from 1 to 65535, got %q", text)
	}
	return connection.Address{Host: host, Port: int(number)}, nil
}

// Call makes a call and writes the result as JSON on as many lines as are good to read.
// An error about the arguments says what the method takes, if the service describes it.
func Call(ctx context.Context, c *control.Client, out io.Writer, method string, args Arguments, timeout time.Duration) error {
	result, err := c.Call(ctx, method, args.positional(), args.keyword(), timeout)
	if err != nil {
		return hinted(ctx, c, method, args, err)
	}
	_, err = io.WriteString(out, printable.Lines(string(rpcjson.Indent(result))+"\n", ""))
	return err
}

// Send makes a call that the service does not answer, whether it succeeds or not. The
// timeout limits connecting and sending.
func Send(ctx context.Context, c *control.Client, method string, args Arguments, timeout time.Duration) error {
	return c.Async(ctx, method, args.positional(), args.keyword(), timeout)
}

// description is the result of $describe.
type description struct {
	Name    string   `json:"name"`
	Methods []method `json:"methods"`
}

type method struct {
	Name       string `json:"name"`
	Parameters []struct {
		Name     string          `json:"name"`
		Optional bool            `json:"optional"`
		Default  json.RawMessage `json:"default"`
	} `json:"parameters"`
	Variadic bool     `json:"variadic"`
	Auth     bool     `json:"auth"`
	Preauth  []string `json:"preauth"`
	Doc      string   `json:"doc"`
}

// List writes what methods the service has, how they are called, by whom, and
// the documentation of each.
func List(ctx context.Context, c *control.Client, out io.Writer, timeout time.Duration) error {
	d, err := describe(ctx, c, timeout)
	if err != nil {
		return err
	}
	var text bytes.Buffer
	fmt.Fprintln(&text, printable.Line(d.Name))
	for _, m := range d.Methods {
		fmt.Fprintf(&text, "\n  %s(%s)%s\n", printable.Line(m.Name), printable.Line(m.parameters()), printable.Line(m.rights()))
		if m.Doc != "" {
			fmt.Fprintf(&text, "      %s\n", printable.Lines(m.Doc, "      "))
		}
	}
	_, err = text.WriteTo(out)
	return err
}

// Names are the methods of the service that begin with prefix, each with the
// first line of its documentation. Names that nobody can type are left out.
func Names(ctx context.Context, c *control.Client, prefix string, timeout time.Duration) (names, docs []string) {
	d, err := describe(ctx, c, timeout)
	if err != nil {
		return nil, nil
	}
	for _, m := range d.Methods {
		if strings.HasPrefix(m.Name, prefix) && m.Name == printable.Line(m.Name) {
			doc, _, _ := strings.Cut(m.Doc, "\n")
			names, docs = append(names, m.Name), append(docs, printable.Line(cmp.Or(doc, "("+m.parameters()+")")))
		}
	}
	return names, docs
}

// Parameters are the names of a method's parameters; none if the service does not say.
func Parameters(ctx context.Context, c *control.Client, name string, timeout time.Duration) []string {
	d, _ := describe(ctx, c, timeout)
	for _, m := range d.Methods {
		if m.Name == name {
			return m.names()
		}
	}
	return nil
}

// Method is a method of a service.
type Method struct {
	Name       string
	Parameters []string // "name", "name?", "name=DEFAULT", "..."
	Doc        string
}

// Methods returns the name of a service, and its methods except those that every service
// has. Methods whose names nobody can type are left out.
func Methods(ctx context.Context, c *control.Client, timeout time.Duration) (name string, list []Method, err error) {
	d, err := describe(ctx, c, timeout)
	for _, m := range d.Methods {
		if m.Name == printable.Line(m.Name) && !strings.HasPrefix(m.Name, "$") {
			list = append(list, Method{m.Name, m.list(), m.Doc})
		}
	}
	return printable.Line(d.Name), list, err
}

func describe(ctx context.Context, c *control.Client, timeout time.Duration) (d description, err error) {
	answer, err := c.Call(ctx, control.DescribeMethod, nil, nil, timeout)
	if err != nil {
		return d, err
	}
	if err := json.Unmarshal(answer, &d); err != nil {
		return d, fmt.Errorf("wanted the description of a service: %w", err)
	}
	return d, nil
}

func (m *method) parameters() string { return strings.Join(m.list(), ", ") }

// list are the parameters as they are shown.
func (m *method) list() (list []string) {
	for _, p := range m.Parameters {
		switch {
		case p.Default != nil:
			list = append(list, fmt.Sprintf("%s=%s", p.Name, p.Default))
		case p.Optional:
			list = append(list, p.Name+"?")
		default:
			list = append(list, p.Name)
		}
	}
	if m.Variadic {
		list = append(list, "...")
	}
	return list
}

func (m *method) rights() string {
	switch {
	case m.Auth:
		return "  [primary key]"
	case m.Preauth != nil:
		return "  [" + strings.Join(m.Preauth, ", ") + "]"
	}
	return ""
}

// Explain is an error as a person should see it: with its type and, if a
// service has raised it, the trace.
func Explain(err error) string {
	var e *exceptions.Error
	if !errors.As(err, &e) {
		return printable.Lines(err.Error(), printable.Indent)
	}
	trace := e.FormatTrace()
	text := printable.Lines(e.Class.Name+": "+strings.TrimSuffix(e.Text(), "\n"+trace), printable.Indent)
	if trace != "" {
		text += "\n" + trace
	}
	return text
}
