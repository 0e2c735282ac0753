package cmd_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"avescript/core/cmd"
	"avescript/core/exceptions"
)

func ExampleRun() {
	status, output, err := cmd.Run(context.Background(), []string{"sh", "-c", "echo hello; exit 3"}, cmd.Options{})
	fmt.Printf("%d %q %v\n", status, output, err)
	// Output: 3 "hello\r\n" <nil>
}

func ExampleRun_timeout() {
	_, _, err := cmd.Run(context.Background(), []string{"sleep", "1000"}, cmd.Options{Timeout: 10 * time.Millisecond})
	fmt.Println(err, errors.Is(err, exceptions.Timeout))
	// Output: command timed out true
}
