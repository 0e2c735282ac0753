package fdtx_test

import (
	"context"
	"fmt"
	"io"
	"log"
	"os"
	"time"

	"avescript/core/fdtx"
)

const timeout = 10 * time.Second

// One process has opened something, and another one continues with it.
func Example() {
	dir, err := os.MkdirTemp("", "fdtx")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)

	receiver := fdtx.New()
	defer receiver.Close()
	path, err := receiver.Listen(dir, "", fdtx.ListenOptions{})
	if err != nil {
		log.Fatal(err)
	}
	go giveAway(path) // in another process, which knows the path

	ctx := context.Background()
	if err := receiver.Accept(ctx, timeout); err != nil {
		log.Fatal(err)
	}
	message, fds, err := receiver.Get(ctx, 100, 1, timeout)
	if err != nil {
		log.Fatal(err)
	}
	file := os.NewFile(uintptr(fds[0]), string(message))
	defer file.Close()
	text, err := io.ReadAll(file)
	fmt.Printf("%s: %s, %v\n", file.Name(), text, err)
	// Output: a pipe: still to be read, <nil>
}

// giveAway gives away the reading end of a pipe.
func giveAway(path string) {
	r, w, err := os.Pipe()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Fprint(w, "still to be read")
	w.Close()

	sender := fdtx.New()
	defer sender.Close()
	ctx := context.Background()
	if err := sender.Connect(ctx, path, timeout); err != nil {
		log.Fatal(err)
	}
	if err := sender.Put(ctx, []byte("a pipe"), []int{int(r.Fd())}, timeout); err != nil {
		log.Fatal(err)
	}
	r.Close() // the receiver has it now
}
