package launch

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"syscall"

	"avescript/core/connection"
	"avescript/core/exceptions"
	"avescript/core/process"
)

// init locks the main goroutine of a child to the main thread: see [process.Main].
func init() {
	if _, ok := os.LookupEnv(childVariable); ok {
		runtime.LockOSThread()
	}
}

// Main returns at once in a program that was not started by [Start]. Otherwise it calls
// run within [process.Main], with the link to the parent, and exits with the status
// that run returns. It must be called before anything that takes time.
func Main(run func(link *os.File) (status int)) {
	number, ok := os.LookupEnv(childVariable)
	if !ok {
		return
	}
	os.Unsetenv(childVariable) // the child's own children must not see it
	fd, err := strconv.Atoi(number)
	if err != nil || fd < 3 {
		fmt.Fprintf(os.Stderr, "avescript: %s must be a descriptor, got %q\n", childVariable, number)
		os.Exit(2)
	}
	syscall.CloseOnExec(fd)
	link := os.NewFile(uintptr(fd), "link to the parent")
	if inherited, ok := os.LookupEnv(daemonVariable); ok {
		os.Exit(startDaemon(link, fd, inherited))
	}
	os.Exit(process.Main(func() int { return run(link) }))
}

// startDaemon starts this program again, as a session leader, and returns; the new
// process is then a child of init.
func startDaemon(link *os.File, fd int, inherited string) (status int) {
	os.Unsetenv(daemonVariable)
	files := []*os.File{os.Stdin, os.Stdout, os.Stderr}
	inherit := func(fd int, file *os.File) {
		for len(files) <= fd {
			files = append(files, nil)
		}
		files[fd] = file
	}
	inherit(fd, link)
	for number := range strings.SplitSeq(inherited, ",") {
		if n, err := strconv.Atoi(number); err == nil {
			inherit(n, os.NewFile(uintptr(n), "inherited"))
		}
	}
	daemon, err := os.StartProcess(self, os.Args[:1], &os.ProcAttr{
		Env:   append(os.Environ(), fmt.Sprintf("%s=%d", childVariable, fd)),
		Files: files,
		Sys:   &syscall.SysProcAttr{Setsid: true},
	})
	if err != nil {
		fmt.Fprintf(os.Stderr, "avescript: start a daemon: %v\n", err)
		return 1
	}
	if connection.WriteFrame(link, []byte(strconv.Itoa(daemon.Pid))) != nil {
		return 1 // the parent has ended
	}
	return 0
}

// Work is the work that a process was started for.
type Work struct {
	Bytes   []byte
	Awaited bool // the parent waits for TellReady or TellFailed
	Daemon  bool // this process is a daemon
}

// Receive waits for the work. It does not read further than that from the link. An
// error means that the parent has ended.
func Receive(link *os.File) (*Work, error) {
	frames := connection.NewFrameReader(link, MaxWork)
	frames.Exact = true
	work, err := frames.Next()
	if err != nil {
		return nil, err
	}
	if len(work) == 0 {
		return nil, errors.New("wanted work, got an empty message")
	}
	return &Work{
		Bytes:   work[1:],
		Awaited: work[0]&workAwaited != 0,
		Daemon:  work[0]&workDaemon != 0,
	}, nil
}

// TellReady answers a waiting parent; its [Started.HandOver] returns ready.
func TellReady(link *os.File, ready []byte) error {
	return connection.WriteFrame(link, []byte{answerReady}, ready)
}

// TellFailed answers a waiting parent. The process must end then.
func TellFailed(link *os.File, reason *exceptions.Error) error {
	text, err := reason.Encode()
	if err != nil {
		text, _ = json.Marshal(reason.Error()) // its details cannot be encoded in JSON
	}
	return connection.WriteFrame(link, []byte{answerFailed}, text)
}
