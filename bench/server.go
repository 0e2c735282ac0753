package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
)

// serveCommand is the argument that makes this program one of the servers.
const serveCommand = "serve"

// server is a server process. It prints its address, and ends when its input does: so
// it never outlives this program, however that ends.
type server struct {
	cmd     *exec.Cmd
	input   io.Closer
	address string
	pid     int // of the serving process, which may be a child of the command
}

func startServer(cmd *exec.Cmd) (*server, error) {
	cmd.Stderr = os.Stderr
	input, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	output, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	s := &server{cmd: cmd, input: input}
	var port int
	if _, err := fmt.Fscanln(bufio.NewReader(output), &port, &s.pid); err != nil {
		s.stop()
		return nil, fmt.Errorf("%v: wanted a port and a process: %w", cmd.Args, err)
	}
	s.address = fmt.Sprintf("127.0.0.1:%d", port)
	return s, nil
}

func (s *server) stop() {
	s.input.Close()
	_ = s.cmd.Wait() // a service is ended by a signal
}

// serve runs the server with the given name in this process.
func serve(name string) error {
	run, ok := map[string]func(net.Listener) error{
		"echo":    serveEcho,
		"jsonrpc": serveJSONRPC,
		"grpc":    serveGRPC,
	}[name]
	if !ok {
		return fmt.Errorf("wanted the name of a server, got %q", name)
	}
	if _, err := raiseDescriptorLimit(); err != nil {
		return err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}()
	fmt.Println(listener.Addr().(*net.TCPAddr).Port, os.Getpid())
	return run(listener)
}

// serveEach serves every connection in a goroutine of its own.
func serveEach(listener net.Listener, serve func(net.Conn)) error {
	for {
		conn, err := listener.Accept()
		if err != nil {
			return err
		}
		go serve(conn)
	}
}
