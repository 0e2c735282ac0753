package netlab_test

import (
	"testing"

	"avescript/internal/netlab"
	"avescript/internal/poll"
)

func TestLinks(t *testing.T) {
	lab := netlab.New(t, "one", "two")
	reaches := func(from, to string) func() bool {
		return func() bool {
			return lab.Command(from, "timeout", "1", "bash", "-c", "exec 3<>/dev/tcp/"+lab.Address(to)+"/4567").Run() == nil
		}
	}
	listener := lab.Command(netlab.Hub, "python3", "-m", "http.server", "4567")
	if err := listener.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = listener.Process.Kill()
		_ = listener.Wait()
	})
	poll.Until(t, "the hub is reached", reaches("one", netlab.Hub))
	lab.Cut("one")
	if reaches("one", netlab.Hub)() {
		t.Error("a host whose link is cut reaches the hub")
	}
	if !reaches("two", netlab.Hub)() {
		t.Error("a cut link cuts off another host, too")
	}
	lab.Restore("one")
	poll.Until(t, "the hub is reached again", reaches("one", netlab.Hub))
}
