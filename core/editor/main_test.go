package editor_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"avescript/core/editor"
	"avescript/core/pty"
	"avescript/internal/reexec"
	"avescript/internal/screentest"
)

func TestMain(m *testing.M) {
	reexec.Main(reexec.Programs{"edit": edit})
	os.Exit(m.Run())
}

// edit is a prompt: it shows what was edited. A text is complete when each "do" has its
// "end". "tick" prints a line after each key for a while, and "read" reads a line.
func edit(args []string) error {
	history, err := editor.OpenHistory(args[0])
	if err != nil {
		return err
	}
	e, err := editor.New(editor.Options{
		In: os.Stdin, Out: os.Stdout, History: history, Suffix: ".txt",
		IsWhole: func(s string) bool { return strings.Count(s, "do") <= strings.Count(s, "end") },
		Indent:  indent,
		Highlight: func(s string, at int) []editor.Span {
			if i := strings.Index(s, "red"); i >= 0 {
				return []editor.Span{{From: i, To: i + 3, Style: "31"}}
			}
			return nil
		},
		Complete: complete,
		Hint: func(s string, at int) editor.Hint {
			if strings.HasSuffix(s, "2(") {
				return editor.Hint{Text: "get(url, options)", From: 9, To: 16}
			}
			if strings.HasSuffix(s, "(") {
				return editor.Hint{Text: "get(url, options)", From: 4, To: 7}
			}
			return editor.Hint{}
		},
	})
	if err != nil {
		return err
	}
	defer e.Close()
	ticks := time.NewTicker(time.Hour)
	go func() {
		for i := 1; ; i++ {
			<-ticks.C
			fmt.Fprintf(e, "tick %d\n", i)
		}
	}()
	for {
		text, err := e.Read(context.Background(), "> ", ">> ")
		switch {
		case errors.Is(err, editor.ErrInterrupted):
			continue
		case errors.Is(err, io.EOF):
			fmt.Println("bye")
			return nil
		case err != nil:
			return err
		}
		switch text {
		case "tick":
			ticks.Reset(20 * time.Millisecond)
		case "partial":
			fmt.Print("no newline")
		case "read":
			line := make([]byte, 100)
			n, _ := os.Stdin.Read(line)
			fmt.Printf("read %q\n", line[:n])
		case "panic":
			defer func() { recover() }()
		default:
			fmt.Printf("got %q\n", text)
		}
	}
}

func indent(before, line string) string {
	depth := strings.Count(before, "do") - strings.Count(before, "end")
	if line == "end" {
		depth--
	}
	return strings.Repeat("\t", max(0, depth))
}

func complete(s string, at int) editor.Completion {
	from := strings.LastIndexAny(s[:at], " .\n") + 1
	c := editor.Completion{From: from}
	items := []editor.Item{
		{Text: "fs", Suffix: ".", Detail: "files"},
	}
	if strings.HasSuffix(s[:from], ".") {
		items = []editor.Item{{Text: "chmod", Detail: "(path, mode) changes who may do what with a file"}, {Text: "copy", Detail: "(from, to)"}, {Text: "remove", Detail: "(path)"}}
	}
	for _, item := range items {
		if strings.HasPrefix(item.Text, s[from:at]) {
			c.Items = append(c.Items, item)
		}
	}
	return c
}

func start(t *testing.T, cols, rows int, env ...string) *screentest.Program {
	t.Helper()
	return startWith(t, t.TempDir()+"/state/history", cols, rows, env...)
}

func startWith(t *testing.T, history string, cols, rows int, env ...string) *screentest.Program {
	t.Helper()
	p := screentest.Start(t, pty.Size{Cols: cols, Rows: rows}, env, "/proc/self/exe", reexec.Argument("edit"), history)
	p.Ends(">")
	return p
}
