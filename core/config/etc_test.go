package config

import (
	"errors"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"testing/iotest"
)

// me is the account that runs the tests, which must be in the user database.
func me(t *testing.T) Etc {
	t.Helper()
	account, err := user.LookupId(strconv.Itoa(os.Getuid()))
	if err != nil {
		t.Skip("wants an account in the user database: ", err)
	}
	return Etc{Name: account.Username, Home: account.HomeDir, UID: os.Getuid()}
}

func TestLoadEtc(t *testing.T) {
	me := me(t)
	path := filepath.Join(t.TempDir(), "user")
	for text, want := range map[string]Etc{
		`{"name": "` + me.Name + `"}`:                 me,
		`{"name": "` + me.Name + `", "uid": 7}`:       {me.Name, me.Home, 7},
		`{"name": "` + me.Name + `", "home": "/x"}`:   {me.Name, "/x", me.UID},
		`{"name": "no-such-one", "home":"/","uid":0}`: {"no-such-one", "/", 0},
	} {
		write(t, path, text)
		if got, err := LoadEtcFrom(path); err != nil || got != want {
			t.Errorf("%s: wanted %v, got %v, %v", text, want, got, err)
		}
	}
	for text, want := range map[string]string{
		`{"name": "no-such-one"}`:    `name: wanted the name of a user account, got "no-such-one"`,
		`{"home": "/"}`:              "name: wanted the name of a user account, got nothing",
		`{"name": 1}`:                "name: wanted a string, got a number",
		`{"name": "x", "uid": -1}`:   "uid: wanted a whole number from 0 to 4294967294, got -1",
		`{"name": "x", "uid": "1"}`:  "got a string",
		`{"name": "x", "home": [1]}`: "home: wanted a string, got a list",
		`{"name": "x",}`:             ":1:14: ",
	} {
		write(t, path, text)
		_, err := LoadEtcFrom(path)
		wantError(t, err, path, want)
	}

	_, err := LoadEtcFrom(path + ".none")
	if !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("wanted fs.ErrNotExist, got %v", err)
	}
}

func TestCreateEtc(t *testing.T) {
	me := me(t)
	for name, test := range map[string]struct{ name, stdin string }{
		"name":  {me.Name, "ignored"},
		"stdin": {"", "\n  " + me.Name + " \n\n"},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "etc", "ave", "user")
			got, err := CreateEtc(path, test.name, iotest.OneByteReader(strings.NewReader(test.stdin)))
			if err != nil || got != me {
				t.Fatalf("wanted %v, got %v, %v", me, got, err)
			}
			want := "{\n  \"name\": \"" + me.Name + "\",\n  \"home\": \"" + me.Home + "\",\n  \"uid\": " + strconv.Itoa(me.UID) + "\n}\n"
			if text := read(t, path); text != want {
				t.Errorf("wanted %s, got %s", want, text)
			}
			if info, err := os.Stat(path); err != nil || info.Mode() != 0o644 {
				t.Errorf("wanted mode 0644, got %v, %v", info.Mode(), err)
			}
		})
	}
}

func TestCreateEtcKeeps(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "user")
	const text = `{"name": "chosen", "home": "/home/chosen", "uid": 4711}`
	write(t, path, text)
	stdin := iotest.ErrReader(errors.New("nobody should be asked"))
	got, err := CreateEtc(path, "", stdin)
	if want := (Etc{"chosen", "/home/chosen", 4711}); err != nil || got != want {
		t.Errorf("wanted %v, got %v, %v", want, got, err)
	}

	// A broken file, or a link without a target, is not replaced, either.
	write(t, path, "{")
	_, err = CreateEtc(path, me(t).Name, nil)
	wantError(t, err, path+":1:2: ")
	link := filepath.Join(dir, "link")
	if err := os.Symlink("nowhere", link); err != nil {
		t.Fatal(err)
	}
	_, err = CreateEtc(link, me(t).Name, nil)
	wantError(t, err, link, "symbolic link to nowhere")
	if _, err := os.Lstat(filepath.Join(dir, "nowhere")); err == nil {
		t.Error("wanted no file at the end of the link, got one")
	}
}

func TestCreateEtcRefuses(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ave", "user")
	for stdin, want := range map[string]string{
		"no-such-one\n": `wanted the name of a user account, got "no-such-one"`,
		" \n":           "on standard input, got nothing",
		"":              "on standard input, got nothing",
		"root\nroot\n":  `got "root\nroot"`,
	} {
		_, err := CreateEtc(path, "", strings.NewReader(stdin))
		wantError(t, err, want)
	}
	broken := errors.New("broken pipe")
	if _, err := CreateEtc(path, "", iotest.ErrReader(broken)); !errors.Is(err, broken) {
		t.Errorf("wanted %v, got %v", broken, err)
	}
	if _, err := os.Lstat(filepath.Dir(path)); err == nil {
		t.Error("wanted nothing made, got the directory")
	}
}

func TestCreateEtcWantsRoot(t *testing.T) {
	needRoot(t)
	for _, path := range []string{"", EtcPath} {
		stderr, err := runChild(t, nobody, "create etc", path)
		if want := "only root can write /etc/ave/user: this process has the effective uid 65534\n"; err == nil || stderr != want {
			t.Errorf("wanted %q, got %v: %s", want, err, stderr)
		}
	}
	path := filepath.Join(homeOf(t, nobody), "user")
	if stderr, err := runChild(t, nobody, "create etc", path); err != nil {
		t.Errorf("wanted anybody to write where they may, got %v: %s", err, stderr)
	}
}
