package goroutines

import "testing"

func receive(values chan int) { <-values }

func TestAwaitBlocked(t *testing.T) {
	const function = "goroutines.receive"
	if Blocked(function) {
		t.Error("a goroutine waits before there is one")
	}
	values := make(chan int)
	WhenBlocked(t, function, func() { values <- 1 })
	receive(values)
	go receive(values)
	AwaitBlocked(t, function)
	values <- 2
}
