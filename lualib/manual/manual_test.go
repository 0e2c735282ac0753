package manual_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"avescript/lualib/manual"
)

func TestFind(t *testing.T) {
	for name, want := range map[string]string{
		"ave.cmd.run":             "ave.cmd.run",
		"cmd.run":                 "ave.cmd.run",
		"run_bg":                  "ave.cmd.run_bg",
		"cmd":                     "ave.cmd",
		"Session:expect":          "ave.cmd.Session:expect",
		"Session.expect":          "ave.cmd.Session:expect",
		"expect":                  "ave.cmd.Session:expect",
		"ave.cmd.Session:expect":  "ave.cmd.Session:expect",
		"Session.pid":             "ave.cmd.Session.pid",
		"ave.Control":             "ave.network.control.Control",
		"ave.control.Control.rpc": "ave.network.control.Control.rpc",
		"Control.rpc":             "ave.network.control.Control.rpc",
		"ave.find_free_port":      "ave.network.connection.find_free_port",
		"ave.CmdOptions":          "ave.CmdOptions",
		"CmdOptions":              "ave.CmdOptions",
		"ave.Seconds":             "ave.Seconds",
		"ave.json.null":           "ave.json.null",
		"describe":                "ave.test.describe",
		"assert.equals":           "assert.equals",
		"is_true":                 "", // of assert and match
		"control":                 "ave.network.control",
		"ave.control":             "ave.network.control",
		"RemoteControl":           "ave.network.control.RemoteControl",
		"ave.ClientConnection":    "ave.ClientConnection",
		"ave.ClientConnection.id": "",
		"get":                     "", // of many classes
		"":                        "",
		".":                       "",
		"ave.cmd.rum":             "",
	} {
		got, ok := manual.Find(name)
		if got.Name != want || ok != (want != "") {
			t.Errorf("%q: wanted %q, got %q, %v", name, want, got.Name, ok)
		}
	}
}

func TestEntry(t *testing.T) {
	e, _ := manual.Find("ave.fs.read")
	if got := e.Signature(); got != "ave.fs.read(path, options?)" {
		t.Errorf("the signature is %q", got)
	}
	want := []manual.Param{{Name: "path", Type: "string"}, {Name: "options", Type: "ave.FsReadOptions", Optional: true}}
	for i := range e.Params {
		e.Params[i].Text = ""
	}
	if diff := cmp.Diff(want, e.Params); diff != "" {
		t.Errorf("parameters (-want +got):\n%s", diff)
	}
	if !slices.Contains(e.Errors, "OSError") || strings.Contains(e.Doc, "Raises") {
		t.Errorf("errors: %q, in the description %q", e.Errors, e.Doc)
	}
	options, _ := manual.Find("ave.CmdOptions")
	i := slices.IndexFunc(options.Fields, func(p manual.Param) bool { return p.Name == "timeout" })
	if f := options.Fields[i]; f.Unit != "seconds" || f.Default != "0" || !f.Optional {
		t.Errorf("the option timeout is %+v", f)
	}
}

func TestSearch(t *testing.T) {
	for text, want := range map[string]string{
		"expect":            "ave.cmd.Session:expect",
		"free port":         "ave.network.connection.find_free_port",
		"remotecontrol":     "ave.network.control.RemoteControl",
		"Quotes WORD shell": "ave.cmd.quote",
	} {
		if found := manual.Search(text); len(found) == 0 || found[0].Name != want {
			t.Errorf("%q: wanted %s first, got %v", text, want, names(found))
		}
	}
	if found := manual.Search("nothing-like-it"); len(found) != 0 {
		t.Errorf("found %v", names(found))
	}
}

func TestSuggest(t *testing.T) {
	for name, want := range map[string][]string{
		"ave.cmd.rum":   {"ave.cmd.run"},
		"cmd.spwan":     {"ave.cmd.spawn"},
		"Session:expct": {"Session:expect"},
		"remotecontorl": {"RemoteControl"},
		"zzzzzz":        nil,
		"Session":       {"ave.broker.Session", "ave.cmd.Session"},
	} {
		if diff := cmp.Diff(want, manual.Suggest(name)); diff != "" {
			t.Errorf("%q (-want +got):\n%s", name, diff)
		}
	}
}

func names(entries []manual.Entry) (list []string) {
	for _, e := range entries {
		list = append(list, e.Name)
	}
	return list
}
