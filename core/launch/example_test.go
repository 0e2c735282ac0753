package launch_test

import (
	"context"
	"fmt"
	"syscall"

	"avescript/core/launch"
)

// The main function of the program begins with launch.Main, whose argument answers
// "hello you".
func Example() {
	started, err := launch.Start(launch.Spec{DeathSignal: syscall.SIGKILL})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer started.Link.Close()
	ready, err := started.HandOver(context.Background(), []byte("greet you"), true)
	fmt.Printf("%s, %v\n", ready, err)
	<-started.Process.Ended()
	// Output: hello you, <nil>
}
