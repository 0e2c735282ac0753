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

	"avescript/internal/reexec"
)

// report is what the child found after it had changed its user.
type report struct {
	Home    string
	Error   string
	Threads []map[string]string // of every thread: lines of its status
	ID      string              // the user of a program that it started
	Child   []string            // the environment of that program
	Back    string              // the error of becoming root again
}

func TestMain(m *testing.M) {
	reexec.Main(reexec.Programs{"become": func(args []string) error {
		return json.NewEncoder(os.Stdout).Encode(becomeUser(args[0]))
	}})
	os.Exit(m.Run())
}

// becomeUser is the child: it has many threads until its end.
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
	id, _ := exec.Command("sh", "-c", "id -u; echo $HOME; echo $USER; echo $LOGNAME").Output()
	if lines := strings.Split(strings.TrimSpace(string(id)), "\n"); len(lines) > 1 {
		r.ID, r.Child = lines[0], lines[1:]
	}
	files, _ := filepath.Glob("/proc/self/task/*/status")
	for _, file := range files {
		r.Threads = append(r.Threads, status(file))
	}
	if err := syscall.Setresuid(-1, 0, -1); err != nil {
		r.Back = err.Error()
	}
	return r
}

// status returns the lines of a thread's status that show its user.
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
	cmd := reexec.Command("become", name)
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
			"Uid":    strings.Join(slices.Repeat([]string{account.Uid}, 4), " "),
			"Gid":    strings.Join(slices.Repeat([]string{account.Gid}, 4), " "),
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
	if want := []string{account.HomeDir, account.Username, account.Username}; !slices.Equal(r.Child, want) {
		t.Errorf("wanted HOME, USER and LOGNAME of children to be %q, got %q", want, r.Child)
	}
	if want := syscall.EPERM.Error(); r.Back != want {
		t.Errorf("wanted root to be gone for good with %q, got %q", want, r.Back)
	}
}

func TestBecomeUserRefuses(t *testing.T) {
	for _, test := range []struct {
		uid  uint32
		name string
		want string
	}{
		{65534, "root", `only root can become user "root": this process has the effective uid 65534`},
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
