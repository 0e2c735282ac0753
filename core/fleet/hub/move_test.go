package hub

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"avescript/core/fleet/access"
	"avescript/core/fleet/link"
	"avescript/core/fleet/wire"
	"avescript/internal/poll"
	"avescript/internal/reexec"
)

// startAlone starts the first hub as one that is alone, at its later address.
func (c *three) startAlone(o Options) {
	c.t.Helper()
	_, o.Port = c.cluster.Address()
	o.Dir, o.Listen, o.Keys = c.dirs[0], "127.0.0.1", true
	c.hubs[0] = startHub(c.t, o)
}

// file is the configuration of somebody in a file, as a host or a user has it.
func (c *three) file(role, name string) link.Config {
	c.t.Helper()
	path := filepath.Join(c.t.TempDir(), name+".json")
	if _, err := c.hubs[0].Book().Local(path, link.Config{URL: "tls://" + c.cluster.Hubs[0], Role: role, Name: name}); err != nil {
		c.t.Fatal(err)
	}
	config, err := link.Read(path)
	if err != nil {
		c.t.Fatal(err)
	}
	return config
}

// contents are the messages of a stream, with all that they have.
func contents(t *testing.T, js jetstream.JetStream, name string) (list []string) {
	t.Helper()
	var stream jetstream.Stream
	err := patient(t.Context(), func(ctx context.Context) (err error) {
		stream, err = js.Stream(ctx, name)
		return err
	})
	if err != nil {
		t.Fatal(name, err)
	}
	left := stream.CachedInfo().State.Msgs
	if left == 0 {
		return nil
	}
	consumer, err := stream.OrderedConsumer(t.Context(), jetstream.OrderedConsumerConfig{})
	if err != nil {
		t.Fatal(err)
	}
	messages, err := consumer.Messages()
	if err != nil {
		t.Fatal(err)
	}
	defer messages.Stop()
	for ; left > 0; left-- {
		m, err := messages.Next(jetstream.NextMaxWait(10 * time.Second))
		if err != nil {
			t.Fatal(err)
		}
		meta, err := m.Metadata()
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, fmt.Sprint(meta.Sequence.Stream, " ", meta.Timestamp, " ", m.Subject(), m.Headers(), string(m.Data())))
	}
	return list
}

// store is what a hub that was alone has stored.
type store struct {
	contents    map[string][]string
	first, last map[string]uint64
}

// stored reads the store of a hub that was alone and does not run.
func stored(t *testing.T, dir string) store {
	t.Helper()
	old, err := openOld(t.Context(), filepath.Join(dir, StoreDir))
	if err != nil {
		t.Fatal(err)
	}
	defer old.close()
	s := store{map[string][]string{}, map[string]uint64{}, map[string]uint64{}}
	if len(old.streams) != len(moved) {
		t.Errorf("wanted %d streams to move, got %d", len(moved), len(old.streams))
	}
	for _, stream := range old.streams {
		info := stream.info
		name := info.Config.Name
		s.contents[name] = contents(t, stream.from.JS, name)
		s.first[name], s.last[name] = info.State.FirstSeq, info.State.LastSeq
	}
	return s
}

// hasAll checks that the cluster has what a hub alone has stored, in three copies. It may have
// gone on since.
func (c *three) hasAll(s store) {
	c.t.Helper()
	for _, m := range moved {
		name, js := m.name, c.hubs[1].js
		if m.private {
			js = c.hubs[1].private.JS
		}
		stream, err := js.Stream(c.t.Context(), name)
		if err != nil {
			c.t.Errorf("%s: %v", name, err)
			continue
		}
		info := stream.CachedInfo()
		if max(info.State.FirstSeq, 1) != max(s.first[name], 1) || info.State.LastSeq < s.last[name] {
			c.t.Errorf("%s: wanted messages %d to %d at least, got %d to %d", name, s.first[name], s.last[name], info.State.FirstSeq, info.State.LastSeq)
		}
		if got := contents(c.t, js, name); len(got) < len(s.contents[name]) || !slices.Equal(got[:len(s.contents[name])], s.contents[name]) {
			c.t.Errorf("%s: wanted %d messages as before, got %d that differ", name, len(s.contents[name]), len(got))
		}
		if strings.Contains(strings.Join(info.Config.Subjects, " "), movingMark) || info.Config.Metadata[movingMark] != "" || info.Config.Replicas != clusterSize {
			c.t.Errorf("%s: wanted the usual configuration with %d copies, got %+v", name, clusterSize, info.Config)
		}
		for i, h := range c.hubs {
			poll.Until(c.t, fmt.Sprintf("hub %d has all of %s", i+1, name), func() bool { return h.ownCopy(name) >= int64(info.State.LastSeq) })
		}
	}
}

// fillStores stores something of every kind.
func fillStores(t *testing.T, h *Hub, outputs int) {
	t.Helper()
	if _, err := h.stores.code.PutBytes(t.Context(), "abc", bytes.Repeat([]byte("code"), 100_000)); err != nil {
		t.Fatal(err)
	}
	if _, err := h.stores.artifacts.PutBytes(t.Context(), "run/0/1", bytes.Repeat([]byte("artifact"), 100_000)); err != nil {
		t.Fatal(err)
	}
	said := bytes.Repeat([]byte("output "), 10_000)
	for i := range outputs {
		subject := wire.OutputSubject("lab-1", "run-0", i, wire.Token{Seq: 1})
		if _, err := h.js.Publish(t.Context(), subject, said); err != nil {
			t.Fatal(err)
		}
	}
}

// A lab with one hub moves into a cluster, with everything that it has.
func TestMoveIntoACluster(t *testing.T) {
	t.Parallel()
	c := newThree(t, t.TempDir())
	c.startAlone(Options{Snapshot: 40})
	user, lab1, lab2, lab3 := c.file(wire.User, "anna"), c.file(wire.Worker, "lab-1"), c.file(wire.Worker, "lab-2"), c.file(wire.Worker, "lab-3")
	anna := connect(t, user)
	first := fakeHostOn(t, connect(t, lab1), "a", true).up(t)
	runs := []string{"run-1", "run-2", "run-3"}
	for _, run := range runs {
		submit(t, anna, run, 30)
		poll.Until(t, run+" has passed", func() bool { return theRun(t, anna, run).State == "passed" })
	}
	poll.Until(t, "there are two snapshots", func() bool { return c.hubs[0].metrics.snapshots.Load() >= 2 })
	first.stop()
	poll.Until(t, "lab-1 is lost", func() bool { return state(t, anna, "lab-1") == "lost" })
	// One host goes on with its job while there is no hub, and one ends it.
	steady := fakeHostOn(t, connect(t, lab2), "a", false).up(t)
	submit(t, anna, "run-steady", 1)
	kept := steady.one(t)
	steady.mu.Lock()
	steady.cores = 0
	steady.mu.Unlock()
	fenced := fakeHostOn(t, connect(t, lab3), "a", false).up(t)
	fillStores(t, c.hubs[0], 20)
	c.stop(0)
	fenced.mu.Lock()
	clear(fenced.jobs)
	fenced.mu.Unlock()
	before := stored(t, c.dirs[0])
	if before.first[wire.LedgerStream] < 2 || before.last["OBJ_"+wire.ArtifactStore] == 0 {
		t.Errorf("wanted a ledger that was purged, and artifacts, got %+v to %+v", before.first, before.last)
	}

	c.start(0, 1, 2)
	c.leader()
	c.hasAll(before)
	anna = connect(t, user)
	for _, run := range runs {
		if r := theRun(t, anna, run); r.State != "passed" || r.Done != 30 {
			t.Errorf("wanted that %s has passed, got %+v", run, r)
		}
	}
	if _, err := ask(t, steady.link, wire.VerbResult, passed(kept)); err != nil {
		t.Errorf("wanted that lab-2 still has its job: %v", err)
	}
	if code, err := anna.JS.ObjectStore(t.Context(), wire.CodeStore); err != nil {
		t.Error(err)
	} else if data, err := code.GetBytes(t.Context(), "abc"); err != nil || len(data) != 400_000 {
		t.Errorf("wanted the code, got %d bytes, %v", len(data), err)
	}
	submit(t, anna, "run-4", 1)
	if s := fenced.one(t); s.Token.Seq <= before.last[wire.LedgerStream] {
		t.Errorf("wanted a token after %d, got %s", before.last[wire.LedgerStream], s.Token)
	}
	for _, config := range []link.Config{user, lab2} {
		poll.Until(t, config.Name+" knows the other hubs", func() bool {
			now, err := link.Read(config.File)
			return err == nil && now.URL == config.URL && len(strings.Split(now.Others, ",")) == 2
		})
	}
	// It does not move again, and knows everything when all hubs are started again.
	for i := range c.hubs {
		c.stop(i)
	}
	c.mu.Lock()
	c.log[0] = nil
	c.mu.Unlock()
	if _, err := os.Stat(filepath.Join(c.dirs[0], StoreDir)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("wanted that the old store was renamed, got %v", err)
	}
	c.start(0, 1, 2)
	c.leader()
	c.hasAll(before)
	if c.said(0, "moves") {
		t.Error("wanted that the first hub does not move again")
	}
	if r := theRun(t, anna, "run-3"); r.State != "passed" {
		t.Errorf("wanted that run-3 has passed, got %+v", r)
	}
}

// runMember is a hub of a cluster in a process of its own: DIR. It writes what it logs.
func runMember(args []string) error {
	cluster, err := ReadCluster(args[0])
	if err != nil {
		return err
	}
	h, err := Start(context.Background(), Options{Dir: args[0], Listen: "127.0.0.1", Keys: true, Cluster: cluster, Log: func(format string, args ...any) {
		fmt.Printf(format+"\n", args...)
	}})
	if err != nil {
		return err
	}
	fmt.Println("started")
	_, err = io.Copy(io.Discard, os.Stdin)
	h.Close()
	return err
}

// startMember starts a hub of the cluster in a process of its own.
func (c *three) startMember(i int) (cmd *exec.Cmd, said *bufio.Reader) {
	c.t.Helper()
	cmd = reexec.Command("member", c.dirs[i])
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		c.t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		c.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		c.t.Fatal(err)
	}
	c.t.Cleanup(func() {
		_ = stdin.Close()
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	return cmd, bufio.NewReader(stdout)
}

// await reads what a process says until a line begins with a text.
func await(t *testing.T, said *bufio.Reader, text string) {
	t.Helper()
	for {
		line, err := said.ReadString('\n')
		if err != nil {
			t.Fatalf("wanted %q, got %q, %v", text, line, err)
		}
		t.Log("process: ", strings.TrimSpace(line))
		if strings.HasPrefix(line, text) {
			return
		}
	}
}

// The first hub is killed at any moment while it moves. It begins again, and nothing is lost.
func TestKilledMove(t *testing.T) {
	t.Parallel()
	const kills = 2
	c := newThree(t, t.TempDir())
	c.startAlone(Options{})
	user := c.file(wire.User, "anna")
	anna := connect(t, user)
	fakeHostOn(t, connect(t, c.file(wire.Worker, "lab-1")), "a", false).up(t).stop()
	submit(t, anna, "run-1", 30)
	fillStores(t, c.hubs[0], 200)
	c.stop(0)
	before := stored(t, c.dirs[0])
	if err := c.cluster.Write(c.dirs[0]); err != nil {
		t.Fatal(err)
	}
	others := make(chan struct{})
	go func() {
		defer close(others)
		c.start(1, 2)
	}()
	for range kills {
		cmd, said := c.startMember(0)
		await(t, said, "moves ")
		time.Sleep(rand.N(700 * time.Millisecond)) // at any moment
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = cmd.Wait()
		if _, err := os.Stat(filepath.Join(c.dirs[0], StoreDir)); err != nil {
			t.Log("it was done already")
			break
		}
	}
	c.start(0)
	<-others
	c.leader()
	c.hasAll(before)
	anna = connect(t, user)
	if r := theRun(t, anna, "run-1"); r.Jobs != 30 {
		t.Errorf("wanted the run with 30 jobs, got %+v", r)
	}
}

// Two of three hubs are there at first. They say what they wait for. The third one comes, and is
// killed while the first one moves.
func TestMoveWaitsForAllHubs(t *testing.T) {
	t.Parallel()
	c := newThree(t, t.TempDir())
	c.startAlone(Options{})
	fakeHostOn(t, connect(t, c.file(wire.Worker, "lab-1")), "a", false).up(t).stop()
	submit(t, connect(t, c.file(wire.User, "anna")), "run-1", 1)
	fillStores(t, c.hubs[0], 200)
	c.stop(0)
	before := stored(t, c.dirs[0])
	started := make(chan struct{})
	go func() {
		defer close(started)
		c.start(0, 1)
	}()
	poll.Until(t, "the first hub says that it waits for the third", func() bool {
		return c.said(0, "all three must be there at the first start") && c.said(0, c.cluster.Hubs[1])
	})
	poll.Until(t, "the second hub says that it waits for the first", func() bool { return c.said(1, "waits until the first hub") })
	third := c.cluster
	third.Me = 2
	if err := third.Write(c.dirs[2]); err != nil {
		t.Fatal(err)
	}
	cmd, _ := c.startMember(2)
	time.Sleep(500*time.Millisecond + rand.N(2*time.Second)) // at any moment
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	c.start(2)
	<-started
	c.leader()
	c.hasAll(before)
}

// What is written while the move can begin again would be lost, so nobody can.
func TestNobodyWritesWhileAStreamMoves(t *testing.T) {
	t.Parallel()
	c := newThree(t, t.TempDir())
	c.startAlone(Options{})
	fillStores(t, c.hubs[0], 5)
	c.stop(0)
	c.start(0, 1, 2) // from now on, moves are tried by hand
	c.leader()
	old, err := openOld(t.Context(), filepath.Join(c.dirs[0], MovedDir))
	if err != nil {
		t.Fatal(err)
	}
	defer old.close()
	h := c.hubs[0]
	i := slices.IndexFunc(old.streams, func(s oldStream) bool { return s.info.Config.Name == wire.OutputStream })
	output := old.streams[i]
	publish := func() error {
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		_, err := h.js.Publish(ctx, wire.OutputSubject("lab-1", "run-9", 0, wire.Token{Seq: 1}), []byte("said"), jetstream.WithRetryAttempts(0))
		return err
	}
	if err := publish(); err != nil {
		t.Fatal(err)
	}
	if err := h.tryMove(t.Context(), output, h.link); err != nil {
		t.Fatal(err)
	}
	stream, err := h.js.Stream(t.Context(), wire.OutputStream)
	if err != nil {
		t.Fatal(err)
	}
	if last := stream.CachedInfo().State.LastSeq; last <= output.info.State.LastSeq {
		t.Errorf("wanted that a stream which was moved is not touched, got messages up to %d", last)
	}
	if err := h.js.DeleteStream(t.Context(), wire.OutputStream); err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second time, it begins again
		if err := h.tryMove(t.Context(), output, h.link); err != nil {
			t.Fatal(err)
		}
		if err := publish(); err == nil {
			t.Error("wanted that nobody writes while the move is not finished")
		}
	}
}

// A hub is lost with its disk. Another one takes its place, with a file of the time when the
// cluster was made: it denies nobody who has joined later.
func TestLostHubIsReplaced(t *testing.T) {
	t.Parallel()
	const lost = 0
	c := newThree(t, t.TempDir())
	keys, err := access.Whole(filepath.Join(c.dirs[lost], "keys"))
	if err != nil {
		t.Fatal(err)
	}
	c.start(0, 1, 2)
	c.leader()
	fillStores(t, c.hubs[0], 20)
	anna, host := c.account(0, wire.User, "anna"), c.account(0, wire.Worker, "lab-1")
	fakeHostOn(t, connect(t, host), "a", false).up(t).stop()
	user := connect(t, anna)
	submit(t, user, "run-1", 1)
	user.Close()

	c.stop(lost)
	c.dirs[lost] = t.TempDir()
	if err := access.Import(filepath.Join(c.dirs[lost], "keys"), keys); err != nil {
		t.Fatal(err)
	}
	connected := make(chan struct{})
	go func() {
		defer close(connected)
		poll.Until(t, "the hub accepts connections", func() bool {
			l, err := link.Dial(t.Context(), anna)
			if err == nil {
				l.Close()
			}
			return err == nil
		})
	}()
	c.start(lost)
	<-connected
	if c.said(lost, "denied") {
		t.Error("wanted that nobody is denied")
	}
	c.leader()
	for _, name := range []string{wire.LedgerStream, "OBJ_" + wire.SnapshotStore, "KV_" + wire.KeyBucket} {
		stream, err := c.hubs[1].private.JS.Stream(t.Context(), name)
		if err != nil {
			t.Fatal(err)
		}
		last := stream.CachedInfo().State.LastSeq
		poll.Until(t, fmt.Sprintf("hub %d has all of %s", lost+1, name), func() bool { return c.hubs[lost].ownCopy(name) >= int64(last) })
	}
	fakeHostOn(t, connect(t, host), "a", false).one(t)
}

// A stream that cannot be read is not left out.
func TestDamagedStoreIsNotMoved(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	h := startHub(t, Options{Dir: dir})
	fillStores(t, h, 1)
	h.Close()
	streams := filepath.Join(dir, StoreDir, "jetstream", "LAB", "streams")
	if err := os.WriteFile(filepath.Join(streams, wire.OutputStream, "meta.inf"), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := openOld(t.Context(), filepath.Join(dir, StoreDir))
	if err == nil || !strings.Contains(err.Error(), "the stream OUTPUT in "+filepath.Join(dir, StoreDir)+" is damaged") {
		t.Errorf("wanted that the stream is called damaged, got %v", err)
	}
}
