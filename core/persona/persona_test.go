package persona

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// report is what the child found after it had changed its user.
type report struct {
	Home    string
	Error   string
	Threads []map[string]string // of every thread: lines of its status
	ID      string              // what a program that it started is
	Rename  string              // error when it set its name in /proc
}

// TestMain lets the test binary be the process that changes its user.
func TestMain(m *testing.M) {
	name, ok := os.LookupEnv("PERSONA_TEST_USER")
	if !ok {
		os.Exit(m.Run())
	}
	if err := json.NewEncoder(os.Stdout).Encode(becomeUser(name)); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// becomeUser is the child: it has many threads, and keeps them until the end.
func becomeUser(name string) (r report) {
	const threads = 10
	ready, done := make(chan bool), make(chan bool)
	defer close(done)
	for range threads {
		go func() {
			runtime.LockOSThread()
			ready <- true
			<-done
		}()
	}
	for range threads {
		<-ready
	}

	home, err := BecomeUser(name)
	r.Home = home
	if err != nil {
		r.Error = err.Error()
	}
	if err := os.WriteFile("/proc/self/comm", []byte("renamed"), 0); err != nil {
		r.Rename = err.Error()
	}
	id, _ := exec.Command("id", "-u").Output()
	r.ID = strings.TrimSpace(string(id))
	files, _ := filepath.Glob("/proc/self/task/*/status")
	for _, file := range files {
		r.Threads = append(r.Threads, status(file))
	}
	return r
}

// status gives the lines of a thread's status that tell who it is.
func status(file string) map[string]string {
	text, _ := os.ReadFile(file)
	lines := map[string]string{}
	for line := range strings.Lines(string(text)) {
		key, value, _ := strings.Cut(line, ":")
		if slices.Contains([]string{"Uid", "Gid", "Groups"}, key) {
			lines[key] = strings.Join(strings.Fields(value), " ")
		}
	}
	return lines
}

// run starts the child as uid.
func run(t *testing.T, uid uint32, name string) report {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("wants the super user, who can be anybody")
	}
	// A path to the binary might lead through directories that uid may not enter.
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = append(os.Environ(), "PERSONA_TEST_USER="+name)
	cmd.Dir = "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uid, Gid: uid}}
	out, err := cmd.Output()
	if exit := new(exec.ExitError); errors.As(err, &exit) {
		t.Fatalf("%v: %s", err, exit.Stderr)
	}
	if err != nil {
		t.Fatal(err)
	}
	var r report
	if err := json.Unmarshal(out, &r); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return r
}

func TestBecomeUser(t *testing.T) {
	account, err := user.Lookup("nobody")
	if err != nil {
		t.Skip("wants the account nobody: ", err)
	}
	groups, err := account.GroupIds()
	if err != nil {
		t.Fatal(err)
	}

	r := run(t, 0, account.Username)
	if r.Error != "" || r.Home != account.HomeDir {
		t.Fatalf("wanted the home directory %s, got %q, %s", account.HomeDir, r.Home, r.Error)
	}
	if len(r.Threads) < 10 {
		t.Errorf("wanted many threads, got %d", len(r.Threads))
	}
	for _, thread := range r.Threads {
		// Real, effective, saved and file system id.
		for key, want := range map[string]string{
			"Uid":    "0 " + account.Uid + " 0 " + account.Uid,
			"Gid":    "0 " + account.Gid + " 0 " + account.Gid,
			"Groups": strings.Join(groups, " "),
		} {
			if thread[key] != want {
				t.Errorf("wanted %s %q on every thread, got %q", key, want, thread[key])
			}
		}
	}
	if r.ID != account.Uid {
		t.Errorf("wanted children to be user %s, got %s", account.Uid, r.ID)
	}
	if r.Rename != "" {
		t.Errorf("wanted the process to rename itself, got %s", r.Rename)
	}
}

func TestBecomeUserRefuses(t *testing.T) {
	for _, test := range []struct {
		uid  uint32
		name string
		want string
	}{
		{65534, "root", `wanted the super user to become "root", got effective uid 65534`},
		{0, "no-such-one", `wanted the name of a user account, got "no-such-one": user: unknown user no-such-one`},
		{0, "", `wanted the name of a user account, got ""`},
	} {
		r := run(t, test.uid, test.name)
		if !strings.HasPrefix(r.Error, test.want) || r.Home != "" {
			t.Errorf("wanted the error %q, got %q", test.want, r.Error)
		}
		if want := fmt.Sprint(test.uid); r.ID != want {
			t.Errorf("wanted user %s as before, got %s", want, r.ID)
		}
	}
}
