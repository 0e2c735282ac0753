package repl

import (
	"os"
	"strings"
	"testing"

	lua "github.com/yuin/gopher-lua"

	"avescript/core/editor"
)

// A name of a file is not run as a command of the shell.
func TestFilesInCommands(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, name := range []string{"a b", "a;touch ran", "a$(touch ran)", "a`touch ran`", "a-1.txt"} {
		if err := os.WriteFile(name, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	c := fileCompletion(editor.Completion{From: 7}, "cat a", "a", true)
	if len(c.Items) != 1 || c.Items[0].Text != "a-1.txt" {
		t.Errorf("in a command: got %v", c.Items)
	}
	if c := fileCompletion(editor.Completion{From: 7}, "a", "a", false); len(c.Items) != 5 {
		t.Errorf("of a command of the prompt: got %v", c.Items)
	}
}

// Nor as Lua, where it stands in a string.
func TestFilesInStrings(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, name := range []string{"q') x('.lua", `q") x(".lua`, "q]] x[[.lua", `q\.lua`, "q b.lua", "q\n.lua"} {
		if err := os.WriteFile(name, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	r := newPrompt(t)
	for _, input := range []string{`dofile("./q`, `dofile('./q`, `require("q`, `require 'q`} {
		var items []string
		err := r.do(t.Context(), func(L *lua.LState) error {
			for _, item := range (globals{L: L}).complete(input, "").Items {
				items = append(items, item.Text)
			}
			return nil
		})
		if got := strings.TrimSuffix(strings.Join(items, ","), ".lua"); err != nil || got != "q b" {
			t.Errorf("%s: got %q, %v", input, got, err)
		}
	}
}
