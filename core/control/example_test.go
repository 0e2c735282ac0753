package control_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"time"

	"avescript/core/connection"
	"avescript/core/control"
	"avescript/core/exceptions"
)

// greeter is a service with one method, hello, which takes a name.
type greeter struct{}

// Lookup finds a method and who may call it.
func (greeter) Lookup(name string) (control.Method, bool) {
	return control.Method{RPC: true, Auth: true}, name == "hello"
}

// Call serves a call. Arguments and results are JSON.
func (greeter) Call(_ context.Context, _ *control.Conn, call *control.Call) (json.RawMessage, error) {
	var name string
	if err := json.Unmarshal(call.Vargs, &[]any{&name}); err != nil || name == "" {
		return nil, exceptions.TypeError.Newf("hello: wanted a name, got %s", call.Vargs)
	}
	return json.Marshal("Hello, " + name + "!")
}

// A service with one method, and a client that calls it.
func Example() {
	ctx := context.Background()
	service, err := control.NewServer(greeter{}, control.Options{
		Address: connection.Address{Host: "127.0.0.1"}, // on a port chosen by the system
		Authkey: "secret",
	})
	if err != nil {
		log.Fatal(err)
	}
	ended := make(chan error)
	go func() { ended <- service.Serve(ctx) }()

	client := control.NewClient(control.ClientOptions{Address: service.Address(), Authkey: "secret"})
	defer client.Close()
	for _, arguments := range []string{`["Ann"]`, `[]`} {
		result, err := client.Call(ctx, "hello", json.RawMessage(arguments), nil, 10*time.Second)
		fmt.Println(string(result), err)
	}

	service.Shutdown(nil)
	if err := <-ended; err != nil {
		log.Fatal(err)
	}
	// Output:
	// "Hello, Ann!" <nil>
	//  hello: wanted a name, got []
}
