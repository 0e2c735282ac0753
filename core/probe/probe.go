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

// Call makes a call, whose arguments are JSON, or text where they are none, and
// NAME=VALUE for those in keywords. It writes the result as JSON on as many
// lines as are good to read.
func Call(ctx context.Context, c *control.Client, out io.Writer, method string, words, keywords []string, timeout time.Duration) error {
	vargs := make([]json.RawMessage, len(words))
	for i, word := range words {
		vargs[i] = value(word)
	}
	kwargs := map[string]json.RawMessage{}
	for _, keyword := range keywords {
		name, word, ok := strings.Cut(keyword, "=")
		if !ok || name == "" {
			return fmt.Errorf("wanted NAME=VALUE as a keyword argument, got %q", keyword)
		}
		kwargs[name] = value(word)
	}
	positional, err := json.Marshal(vargs)
	if err != nil {
		return err
	}
	named, err := json.Marshal(kwargs)
	if err != nil {
		return err
	}
	result, err := c.Call(ctx, method, positional, named, timeout)
	if err != nil {
		return err
	}
	var text bytes.Buffer
	if err := json.Indent(&text, result, "", "  "); err != nil {
		return err
	}
	text.WriteByte('\n')
	_, err = text.WriteTo(out)
	return err
}

// value is a word as JSON.
func value(word string) json.RawMessage {
	if json.Valid([]byte(word)) {
		return json.RawMessage(word)
	}
	quoted, _ := json.Marshal(word) // of a string it does not fail
	return quoted
}

// description is what $describe tells of a service.
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
	fmt.Fprintln(&text, d.Name)
	for _, m := range d.Methods {
		fmt.Fprintf(&text, "\n  %s(%s)%s\n", m.Name, m.parameters(), m.rights())
		if m.Doc != "" {
			fmt.Fprintf(&text, "      %s\n", strings.ReplaceAll(m.Doc, "\n", "\n      "))
		}
	}
	_, err = text.WriteTo(out)
	return err
}

// Names are the methods of the service that begin with prefix, each with the
// first line of its documentation.
func Names(ctx context.Context, c *control.Client, prefix string, timeout time.Duration) (names, docs []string) {
	d, err := describe(ctx, c, timeout)
	if err != nil {
		return nil, nil
	}
	for _, m := range d.Methods {
		if strings.HasPrefix(m.Name, prefix) {
			doc, _, _ := strings.Cut(m.Doc, "\n")
			names, docs = append(names, m.Name), append(docs, cmp.Or(doc, "("+m.parameters()+")"))
		}
	}
	return names, docs
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

func (m *method) parameters() string {
	var list []string
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
	return strings.Join(list, ", ")
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
		return err.Error()
	}
	return e.Class.Name + ": " + e.Text()
}
