package main

import (
	"fmt"
	"net"
	"os"
	"os/exec"
)

// A peer is a server, and how to call it.
type peer struct {
	name    string
	command func() (*exec.Cmd, error)
	// connect opens a connection for calls.
	connect func(address string) (net.Conn, error)
	// caller makes calls with a payload, over a connection that it takes over.
	caller func(conn net.Conn, method string, payload []byte) (caller, error)

	running *server
}

// A caller makes the same call again and again, on one connection.
type caller interface {
	// calls makes n calls, without waiting for the answer before the next call, and
	// reads all answers.
	calls(n int) error
	Close() error
}

// The methods of a server. The bare echo has no methods.
const (
	echoMethod = "echo"
	dozeMethod = "doze" // takes sleepTime
)

// peers are all servers. Each is started when it is first used.
type peers struct{ service, echo, jsonrpc, grpc *peer }

func newPeers(b *built) *peers {
	return &peers{
		service: servicePeer(b),
		echo:    &peer{name: "echo", command: self("echo"), connect: dial, caller: newEchoCaller},
		jsonrpc: &peer{name: "jsonrpc", command: self("jsonrpc"), connect: dial, caller: newJSONRPCCaller},
		grpc:    &peer{name: "grpc", command: self("grpc"), connect: dial, caller: newGRPCCaller},
	}
}

func self(name string) func() (*exec.Cmd, error) {
	return func() (*exec.Cmd, error) {
		program, err := os.Executable()
		return exec.Command(program, serveCommand, name), err
	}
}

func (ps *peers) stop() {
	for _, p := range []*peer{ps.service, ps.echo, ps.jsonrpc, ps.grpc} {
		if p.running != nil {
			p.running.stop()
		}
	}
}

// server is the server that all measures share.
func (p *peer) server() (*server, error) {
	if p.running != nil {
		return p.running, nil
	}
	s, err := p.start()
	p.running = s
	return s, err
}

// start starts another server, which the caller must stop.
func (p *peer) start() (*server, error) {
	cmd, err := p.command()
	if err != nil {
		return nil, err
	}
	return startServer(cmd)
}

// dialCaller returns a caller that has made its first call.
func (p *peer) dialCaller(address, method string, payload []byte) (caller, error) {
	conn, err := p.connect(address)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", p.name, err)
	}
	c, err := p.caller(conn, method, payload)
	if err != nil {
		conn.Close()
		return nil, fmt.Errorf("%s: %w", p.name, err)
	}
	if err := c.calls(1); err != nil {
		c.Close()
		return nil, fmt.Errorf("%s: %w", p.name, err)
	}
	return c, nil
}

// dial connects. Closing such a connection resets it, so that its port is free at once.
func dial(address string) (net.Conn, error) {
	conn, err := net.Dial("tcp", address)
	if err != nil {
		return nil, err
	}
	return conn, conn.(*net.TCPConn).SetLinger(0)
}
