package main

import (
	"errors"
	"fmt"
	"net"
	"net/rpc"
	"net/rpc/jsonrpc"
	"time"
)

// Methods are the methods of the JSON-RPC server, implemented in Go.
type Methods struct{}

// Echo returns the text.
func (Methods) Echo(text string, reply *string) error {
	*reply = text
	return nil
}

// Doze returns the text after a while.
func (Methods) Doze(text string, reply *string) error {
	time.Sleep(sleepTime)
	*reply = text
	return nil
}

func serveJSONRPC(listener net.Listener) error {
	server := rpc.NewServer()
	if err := server.Register(Methods{}); err != nil {
		return err
	}
	return serveEach(listener, func(conn net.Conn) { server.ServeCodec(jsonrpc.NewServerCodec(conn)) })
}

type jsonrpcCaller struct {
	client *rpc.Client
	method string
	text   string
}

func newJSONRPCCaller(conn net.Conn, method string, payload []byte) (caller, error) {
	name := map[string]string{echoMethod: "Methods.Echo", dozeMethod: "Methods.Doze"}[method]
	return &jsonrpcCaller{jsonrpc.NewClient(conn), name, string(payload)}, nil
}

func (c *jsonrpcCaller) calls(n int) error {
	done := make(chan *rpc.Call, n)
	for range n {
		c.client.Go(c.method, c.text, new(string), done)
	}
	var failed error
	for range n {
		call := <-done
		failed = errors.Join(failed, call.Error)
		if got := *call.Reply.(*string); call.Error == nil && len(got) != len(c.text) {
			failed = errors.Join(failed, fmt.Errorf("wanted the payload back, got %.200q", got))
		}
	}
	return failed
}

func (c *jsonrpcCaller) Close() error { return c.client.Close() }
