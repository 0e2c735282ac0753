package config

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestLoad(t *testing.T) {
	home := t.TempDir()
	const text = "{\"big\": 9007199254740993,\n \"list\": []}\n"
	write(t, Path(home, "relay"), text)
	got, err := Load(home, "relay")
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != text {
		t.Errorf("wanted the text of the file, got %q", got)
	}
}

func TestLoadSyntaxErrors(t *testing.T) {
	home := t.TempDir()
	path := Path(home, "workspace")
	for _, test := range []struct{ text, place, message string }{
		{"", ":1:1: ", "empty file"},
		{" \n", ":2:1: ", "empty file"},
		{"{", ":1:2: ", "unexpected EOF"},
		{"{\n  \"root\": 1,\n}", ":3:1: ", "invalid character '}'"},
		{"{\n  \"root\": 1\n  \"proxy\": 2\n}", ":3:3: ", "expecting ',' or '}'"},
		{"{\"größe\": 1, x}", ":1:14: ", "invalid character 'x'"},
		{"{'a': 1}", ":1:2: ", `invalid character '\''`},
		{"{\"root\": tru}", ":1:13: ", "literal true"},
		{"{\"a\": 1,\n \"b\": 2,\n \"a\": 3}", ":3:2: ", `duplicate object member name "a"`},
		{"{\"tools\": {\"x\": 1,\n\"x\": 2}}", ":2:1: ", `duplicate object member name "x"`},
		{"{}\n\n  {}", ":3:3: ", "wanted the end of the file"},
		{"{} \n]", ":2:1: ", "wanted the end of the file"},
		{"{\"a\": \"\xff\"}", ":1:8: ", "invalid UTF-8"},
		{"[]", ": ", "wanted an object, got a list"},
		{"null", ": ", "wanted an object, got null"},
	} {
		write(t, path, test.text)
		_, err := Load(home, "workspace")
		wantError(t, err, path+test.place, test.message)
	}
}

func TestLoadMissing(t *testing.T) {
	home := t.TempDir()
	_, err := Load(home, "gerrit")
	wantError(t, err, Path(home, "gerrit"), "ave-config --bootstrap=<user> makes it")
	if !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("wanted fs.ErrNotExist, got %v", err)
	}

	_, err = Load(home, "relay")
	if want := "open " + Path(home, "relay") + ": no such file or directory"; err == nil || err.Error() != want {
		t.Errorf("wanted %q, got %v", want, err)
	}

	for _, name := range []string{"", "../authkeys", "/etc/passwd"} {
		_, err := Load(home, name)
		wantError(t, err, "without a directory")
	}
}

func TestLoadAuthkeys(t *testing.T) {
	home := t.TempDir()
	path := Path(home, "authkeys")
	_, err := LoadAuthkeys(home)
	wantError(t, err, path, "ave-config --bootstrap=<user> makes it")

	write(t, path, `{"admin": "s\u0065cret", "share": null}`)
	got, err := LoadAuthkeys(home)
	if err != nil {
		t.Fatal(err)
	}
	secret := "secret"
	if diff := cmp.Diff(map[string]*string{"admin": &secret, "share": nil}, got); diff != "" {
		t.Errorf("keys (-want +got):\n%s", diff)
	}

	for value, got := range map[string]string{
		"4711": "a number", "true": "a boolean", "[]": "a list", "{}": "an object",
	} {
		write(t, path, `{"share": "x", "admin": `+value+`}`)
		_, err := LoadAuthkeys(home)
		if want := path + ": admin: wanted a string or null, got " + got; err == nil || err.Error() != want {
			t.Errorf("wanted %q, got %v", want, err)
		}
	}
}

func TestLoadBroker(t *testing.T) {
	host, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	home := t.TempDir()
	for text, want := range map[string]string{
		`{}`: `{"host":"` + host + `","port":4000,"stacks":[],"remote":{}}`,

		`{"host": "lab", "port": 4001, "stacks": [], "remote": {}, "comment": "moved"}`: `{"host":"lab","port":4001,"stacks":[],"remote":{}}`,

		`{"host": "lab", "remote": {"host": "r", "port": 1, "policy": "forward"},
		  "stacks": [[{"type": "handset", "serial": "1"}, {"uid": 2, "type": "relay"}], []]}`: `{"host":"lab","port":4000,` +
			`"stacks":[[{"serial":"1","type":"handset"},{"type":"relay","uid":2}],[]],` +
			`"remote":{"host":"r","port":1,"policy":"forward"}}`,

		`{"host": "lab", "remote": {"host": "r", "port": 1, "policy": "share", "authkey": "k"}}`: `{"host":"lab","port":4000,"stacks":[],` +
			`"remote":{"host":"r","port":1,"policy":"share","authkey":"k"}}`,

		`{"host": "lab", "authkey": "mine", "remote": {"host": "r", "port": 1, "policy": "forward", "authkey": "k"}}`: `{"host":"lab",` +
			`"port":4000,"authkey":"mine","stacks":[],"remote":{"host":"r","port":1,"policy":"forward","authkey":"k"}}`,
	} {
		write(t, Path(home, "broker"), text)
		broker, err := LoadBroker(home)
		if err != nil {
			t.Error(err)
			continue
		}
		got, err := json.Marshal(broker)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, string(got)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", text, diff)
		}
	}
}

func TestLoadBrokerErrors(t *testing.T) {
	home := t.TempDir()
	path := Path(home, "broker")
	for text, want := range map[string]string{
		`{"host": null}`:   "host: wanted a string, got null",
		`{"port": "4000"}`: "port: wanted a whole number from 1 to 65535, got a string",
		`{"port": 65536}`:  "port: wanted a whole number from 1 to 65535, got 65536",
		`{"port": 0.5}`:    "port: wanted a whole number from 1 to 65535, got 0.5",
		`{"port": 1e99}`:   "port: wanted a whole number from 1 to 65535, got 1e99",

		`{"authkey": 1}`:  "authkey: wanted a string, got a number",
		`{"authkey": ""}`: "authkey: wanted a key, got an empty string: remove it if there is no key",

		`{"remote": []}`:                                                               "remote: wanted an object, got a list",
		`{"remote": {"host": "r", "port": 1}}`:                                         "remote.policy: wanted a value, got nothing",
		`{"remote": {"host": "r", "policy": "share"}}`:                                 "remote.port: wanted a value, got nothing",
		`{"remote": {"host": "", "port": 1, "policy": "share"}}`:                       "remote.host: wanted the name of a host, got an empty string",
		`{"remote": {"host": "r", "port": 0, "policy": "share"}}`:                      "remote.port: wanted a whole number from 1 to 65535, got 0",
		`{"remote": {"host": "r", "port": 1, "policy": "steal"}}`:                      `remote.policy: wanted "forward" or "share", got "steal"`,
		`{"remote": {"host": "r", "port": 1, "policy": "share"}}`:                      "remote.authkey: wanted a string, got nothing",
		`{"remote": {"host": "r", "port": 1, "policy": "share", "authkey": 12345}}`:    "remote.authkey: wanted a string, got a number",
		`{"remote": {"host": "r", "port": {}, "policy": "share", "authkey": "12345"}}`: "remote.port: wanted a whole number from 1 to 65535, got an object",

		`{"stacks": {}}`:                    "stacks: wanted a list of lists of profiles, got an object",
		`{"stacks": [[], 1]}`:               "stacks[1]: wanted a list of profiles, got a number",
		`{"stacks": [null]}`:                "stacks[0]: wanted a list of profiles, got null",
		`{"stacks": [[], [{}, 1]]}`:         `stacks[1][0]: wanted a profile whose "type" is a non-empty string, got {}`,
		`{"stacks": [[1]]}`:                 "stacks[0][0]: wanted an object as profile, got 1",
		`{"stacks": [[{"type": ""}]]}`:      `stacks[0][0]: wanted a profile whose "type" is a non-empty string, got {"type": ""}`,
		`{"stacks": [[{"type": "relay"}]]}`: `stacks[0][0]: wanted a profile that identifies the equipment, got {"type": "relay"}`,
	} {
		write(t, path, text)
		_, err := LoadBroker(home)
		if want = path + ": " + want; err == nil || err.Error() != want {
			t.Errorf("%s\nwanted %q\ngot    %v", text, want, err)
		}
	}
}
