package config

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"unsafe"

	"avescript/internal/reexec"
)

// nobody is a user id without rights; it need not be in the user database.
const nobody = 65534

var programs = reexec.Programs{
	"create default": func(args []string) error {
		_, _, err := CreateDefault(args[0])
		return err
	},
	"full disk": createTruncated,
	"crash": func(args []string) error {
		// To be killed by a signal at once, the runtime must not handle it.
		var byDefault [4]uint64 // struct sigaction
		_, _, errno := syscall.RawSyscall6(syscall.SYS_RT_SIGACTION,
			uintptr(syscall.SIGXFSZ), uintptr(unsafe.Pointer(&byDefault)), 0, 8, 0, 0)
		if errno != 0 {
			return errno
		}
		return createTruncated(args)
	},
	"create etc": func(args []string) error {
		_, err := CreateEtc(args[0], "root", nil)
		return err
	},
}

// createTruncated calls CreateDefault in a process that may write ten bytes to a file.
// The eleventh causes the error EFBIG, because SIGXFSZ has a handler.
func createTruncated(args []string) error {
	for resource, limit := range map[int]uint64{syscall.RLIMIT_CORE: 0, syscall.RLIMIT_FSIZE: 10} {
		if err := syscall.Setrlimit(resource, &syscall.Rlimit{Cur: limit, Max: limit}); err != nil {
			return err
		}
	}
	_, _, err := CreateDefault(args[0])
	return err
}

func TestMain(m *testing.M) {
	reexec.Main(programs)
	os.Exit(m.Run())
}

// runChild runs one of programs as uid and returns what it wrote to stderr.
func runChild(t *testing.T, uid uint32, name, arg string) (stderr string, err error) {
	t.Helper()
	cmd := reexec.Command(name, arg)
	cmd.Dir = "/"
	if int(uid) != os.Geteuid() {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uid, Gid: uid}}
	}
	_, err = cmd.Output()
	if exit := new(exec.ExitError); errors.As(err, &exit) {
		return string(exit.Stderr), err
	}
	if err != nil {
		t.Fatal(err)
	}
	return "", nil
}

func needRoot(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("wants the super user, who can be anybody")
	}
}

// homeOf creates a home directory of uid that others can enter.
func homeOf(t *testing.T, uid int) string {
	t.Helper()
	home := t.TempDir()
	if err := errors.Join(os.Chmod(filepath.Dir(home), 0o755), os.Chown(home, uid, uid)); err != nil {
		t.Fatal(err)
	}
	return home
}

// write creates a file, with the directories above it.
func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// wantError checks that the text of err contains all parts.
func wantError(t *testing.T, err error, parts ...string) {
	t.Helper()
	if err == nil {
		t.Fatalf("wanted an error with %q, got none", parts)
	}
	for _, part := range parts {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("wanted %q in the error, got %q", part, err)
		}
	}
}
