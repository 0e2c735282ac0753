package repl

import (
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	lua "github.com/yuin/gopher-lua"

	"avescript/core/config"
	"avescript/core/editor"
	"avescript/core/hickup"
	"avescript/core/printable"
	"avescript/core/ps"
)

// completeCommand gives what could stand at the end of a command.
func (t *typing) completeCommand(text, after string) editor.Completion {
	name, args := splitCommand(text)
	if args == "" && name != "!" && !strings.HasSuffix(text, " ") {
		return commandNames(text, name)
	}
	word := args[strings.LastIndexAny(args, " \t\n")+1:]
	c := editor.Completion{From: len(text) - len(word)}
	isFirst := strings.TrimSpace(strings.TrimSuffix(args, word)) == ""
	switch {
	case name == "time" || name == "watch" || name == "help":
		return t.completeLua(text, args, after)
	case name == "load" || name == "save" || name == "save!" || name == "!":
		return fileCompletion(c, strings.TrimLeft(args, " \t"), word, name == "!")
	case name == "connect" && isFirst:
		c.Items, c.Later = t.ports()
	case name == "connect":
		c.Items = accountItems()
	case name == "hickup" && isFirst:
		c.Items = processItems()
	case name == "reload" && isFirst:
		c.Items, _ = look(t, tabTime, loadedModules, nil)
	}
	c.Items = beginningWith(c.Items, word)
	return c
}

func commandNames(text, name string) editor.Completion {
	c := editor.Completion{From: len(text) - len(name)}
	for _, known := range commands() {
		if strings.HasPrefix(known.name, name) && known.name != "!" {
			c.Items = append(c.Items, editor.Item{Text: known.name, Detail: detail(known.args, known.does)})
		}
	}
	return c
}

// completeLua completes the argument of a command that takes Lua.
func (t *typing) completeLua(text, args, after string) editor.Completion {
	c, _ := look(t, tabTime, func(g globals) editor.Completion { return g.complete(args, after) }, nil)
	if len(c.Items) == 0 && c.Later == nil {
		return editor.Completion{From: len(text)}
	}
	c.From += len(text) - len(args)
	return c
}

// fileCompletion completes the name of a file. The name is the whole argument, or one word
// of a command of the shell.
func fileCompletion(c editor.Completion, whole, word string, inCommand bool) editor.Completion {
	if !inCommand {
		c.From -= len(whole) - len(word)
		word = whole
	}
	slash := strings.LastIndexByte(word, '/') + 1
	dir := word[:slash]
	c.From += slash
	items := fileNames(dir, word[slash:])
	if dir == "" {
		items = fileNames("./", word)
	}
	c.Items = beginningWith(items, word[slash:])
	if inCommand {
		c.Items = slices.DeleteFunc(c.Items, func(item editor.Item) bool { return strings.ContainsAny(item.Text, special) })
	}
	return c
}

// special are the characters that mean something to a shell, so that what has them would
// not be the name of a file, or would be run.
const special = " !\"#$&'()*;<=>?[\\]^`{|}~"

func beginningWith(items []editor.Item, word string) []editor.Item {
	items = slices.DeleteFunc(items, func(item editor.Item) bool { return !strings.HasPrefix(item.Text, word) })
	slices.SortStableFunc(items, func(a, b editor.Item) int { return strings.Compare(a.Text, b.Text) })
	return items
}

// ports are those of the services on this host.
func (t *typing) ports() (items []editor.Item, later <-chan struct{}) {
	const limit = time.Second
	known, later := t.r.listed.get(func() []ps.Process {
		list, _ := t.r.localServices(t.ctx, limit)
		return list
	})
	for _, p := range known {
		for _, port := range p.Ports {
			items = append(items, editor.Item{Text: strconv.Itoa(port), Detail: detail(p.Name, "of "+p.Account+": "+stateOf(p))})
		}
	}
	return items, later
}

func accountItems() (items []editor.Item) {
	home, err := os.UserHomeDir()
	if err != nil {
		return nil
	}
	keys, _ := config.LoadAuthkeys(home) // a machine need not have the file
	for name := range keys {
		if name == printable.Line(name) {
			items = append(items, editor.Item{Text: name, Detail: "account"})
		}
	}
	return items
}

// processItems are the processes that :hickup can ask.
func processItems() (items []editor.Item) {
	targets, _ := hickup.Targets(nil)
	for _, p := range targets {
		items = append(items, editor.Item{Text: strconv.Itoa(p.PID), Detail: printable.Line(p.Comm)})
		if p.Comm == printable.Line(p.Comm) && !slices.ContainsFunc(items, func(item editor.Item) bool { return item.Text == p.Comm }) {
			items = append(items, editor.Item{Text: p.Comm, Detail: "service"})
		}
	}
	return items
}

// loadedModules are those that can be loaded again.
func loadedModules(g globals) (items []editor.Item) {
	g.loaded().ForEach(func(key, _ lua.LValue) {
		if name, ok := key.(lua.LString); ok && !isBuiltIn(string(name)) {
			items = append(items, editor.Item{Text: string(name), Detail: "loaded"})
		}
	})
	return items
}
