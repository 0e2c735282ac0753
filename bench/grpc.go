package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/mem"
)

const grpcEcho = "/bench.Bench/Echo"

// rawCodec sends messages, which are *[]byte, unchanged. So no code has to be
// generated, and the peer does not spend its time on protocol buffers.
type rawCodec struct{}

func (rawCodec) Name() string { return "raw" }

func (rawCodec) Marshal(v any) (mem.BufferSlice, error) {
	return mem.BufferSlice{mem.SliceBuffer(*v.(*[]byte))}, nil
}

func (rawCodec) Unmarshal(data mem.BufferSlice, v any) error {
	*v.(*[]byte) = data.Materialize()
	return nil
}

var grpcService = grpc.ServiceDesc{
	ServiceName: "bench.Bench",
	HandlerType: (*any)(nil),
	Methods: []grpc.MethodDesc{{
		MethodName: "Echo",
		Handler: func(_ any, _ context.Context, decode func(any) error, _ grpc.UnaryServerInterceptor) (any, error) {
			var message []byte
			err := decode(&message)
			return &message, err
		},
	}},
}

func serveGRPC(listener net.Listener) error {
	server := grpc.NewServer(grpc.ForceServerCodecV2(rawCodec{}), grpc.MaxRecvMsgSize(math.MaxInt32))
	server.RegisterService(&grpcService, struct{}{})
	return server.Serve(listener)
}

type grpcCaller struct {
	client  *grpc.ClientConn
	payload []byte
}

// newGRPCCaller only knows the method echo.
func newGRPCCaller(conn net.Conn, _ string, payload []byte) (caller, error) {
	client, err := grpc.NewClient("passthrough:///"+conn.RemoteAddr().String(),
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(context.Context, string) (net.Conn, error) { return conn, nil }),
		grpc.WithDefaultCallOptions(grpc.ForceCodecV2(rawCodec{}), grpc.MaxCallRecvMsgSize(math.MaxInt32)))
	if err != nil {
		return nil, err
	}
	return &grpcCaller{client, payload}, nil
}

// calls are streams on one connection; their caller must wait for each of them
// separately.
func (c *grpcCaller) calls(n int) error {
	if n == 1 {
		return c.call()
	}
	failed := make(chan error, n)
	for range n {
		go func() { failed <- c.call() }()
	}
	var err error
	for range n {
		err = errors.Join(err, <-failed)
	}
	return err
}

func (c *grpcCaller) call() error {
	var answer []byte
	err := c.client.Invoke(context.Background(), grpcEcho, &c.payload, &answer)
	if err == nil && len(answer) != len(c.payload) {
		return fmt.Errorf("wanted the payload back, got %.200q", answer)
	}
	return err
}

func (c *grpcCaller) Close() error { return c.client.Close() }
