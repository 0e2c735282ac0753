package host

import (
	"net"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// proxy is a network between a host and the hub that can be cut: then it takes nothing and
// says nothing, as a cable that is pulled out.
type proxy struct {
	url      string
	listener net.Listener

	mu    sync.Mutex
	whole *sync.Cond
	isCut bool
	left  int // bytes until it is cut by itself; 0 is never
	held  int // bytes that were not forwarded because it was cut
	lost  int // held bytes that will never be forwarded
	ended bool
	conns []net.Conn
}

func newProxy(t *testing.T, url string) *proxy {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{url: "nats://" + listener.Addr().String(), listener: listener}
	p.whole = sync.NewCond(&p.mu)
	var all sync.WaitGroup
	all.Go(func() {
		for {
			near, err := listener.Accept()
			if err != nil {
				return
			}
			far, err := net.Dial("tcp", strings.TrimPrefix(url, "nats://"))
			if err != nil {
				near.Close()
				continue
			}
			p.mu.Lock()
			p.conns = append(p.conns, near, far)
			p.mu.Unlock()
			all.Go(func() { p.forward(near, far) })
			all.Go(func() { p.forward(far, near) })
		}
	})
	t.Cleanup(func() {
		listener.Close()
		p.mu.Lock()
		p.ended = true
		p.whole.Broadcast()
		for _, c := range p.conns {
			c.Close()
		}
		p.mu.Unlock()
		all.Wait()
	})
	return p
}

func (p *proxy) forward(from, to net.Conn) {
	defer from.Close()
	defer to.Close()
	buffer := make([]byte, 32<<10)
	for {
		n, err := from.Read(buffer)
		if !p.pass(n) {
			return
		}
		if n > 0 {
			if _, err := to.Write(buffer[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

// pass waits until bytes may be forwarded, and reports whether they ever will.
func (p *proxy) pass(n int) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.left > 0 && n > 0 {
		p.left = max(0, p.left-n)
		p.isCut = p.isCut || p.left == 0
	}
	if !p.isCut {
		return true
	}
	before := p.lost
	p.held += n
	for p.isCut && !p.ended {
		p.whole.Wait()
	}
	return p.lost == before
}

// cutAfter cuts it after some more bytes.
func (p *proxy) cutAfter(bytes int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.left = bytes
}

// holdsBack reports whether it was cut while something was sent.
func (p *proxy) holdsBack() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.held > 0
}

// lose breaks all connections: what was sent over them since it was cut is lost. New ones are
// whole.
func (p *proxy) lose() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.conns {
		c.Close()
	}
	p.conns, p.isCut = nil, false
	p.lost, p.held = p.lost+p.held, 0
	p.whole.Broadcast()
}

// wasLost reports whether something was lost.
func (p *proxy) wasLost() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.lost > 0
}

func (p *proxy) cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.isCut = true
}

func (p *proxy) restore() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.isCut = false
	p.whole.Broadcast()
}

func number(t interface{ Fatal(...any) }, text string) int {
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatal(err)
	}
	return n
}
