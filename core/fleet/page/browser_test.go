package page_test

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

// chromium is a headless browser that is told what to do through a pair of pipes, in the
// DevTools protocol. All tests share one process.
type chromium struct {
	command *exec.Cmd
	dir     string // of its files
	in      *os.File
	mu      sync.Mutex
	last    int
	calls   map[int]chan reply
	dead    chan struct{}
}

// browser is the part of the Chromium that belongs to a test: it has cookies and storage of
// its own.
type browser struct {
	*chromium
	t       testing.TB
	context string
}

type reply struct {
	ID     int             `json:"id"`
	Result json.RawMessage `json:"result"`
	Error  *struct {
		Message string `json:"message"`
	} `json:"error"`
}

var shared struct {
	once sync.Once
	*chromium
	err error
}

// stopChromium ends the process, if a test has started it.
func stopChromium() {
	c := shared.chromium
	if c == nil {
		return
	}
	_, _ = c.in.Write([]byte(`{"id":1000000,"method":"Browser.close"}` + "\x00"))
	timer := time.AfterFunc(10*time.Second, func() { _ = c.command.Process.Kill() })
	_ = c.command.Wait()
	timer.Stop()
	_ = c.in.Close()
	<-c.dead
	_ = os.RemoveAll(c.dir)
}

func newBrowser(t testing.TB) *browser {
	t.Helper()
	program := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if found, err := exec.LookPath(name); err == nil && program == "" {
			program = found
		}
	}
	if program == "" {
		t.Skip("chromium is not installed")
	}
	shared.once.Do(func() { shared.chromium, shared.err = startChromium(program) })
	if shared.err != nil {
		t.Fatal(shared.err)
	}
	b := &browser{chromium: shared.chromium, t: t}
	var made struct{ BrowserContextID string }
	b.call("", "Target.createBrowserContext", params{}, &made)
	b.context = made.BrowserContextID
	t.Cleanup(func() { b.call("", "Target.disposeBrowserContext", params{"browserContextId": b.context}, nil) })
	return b
}

func startChromium(program string) (*chromium, error) {
	dir, err := os.MkdirTemp("", "chromium")
	if err != nil {
		return nil, err
	}
	theirIn, ourOut, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	ourIn, theirOut, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	c := exec.Command(program, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--remote-debugging-pipe",
		"--disable-background-timer-throttling", "--disable-backgrounding-occluded-windows", "--disable-renderer-backgrounding",
		"--ignore-certificate-errors", "--hide-scrollbars", "--user-data-dir="+dir, "about:blank")
	c.ExtraFiles = []*os.File{theirIn, theirOut} // descriptors 3 and 4
	if err := c.Start(); err != nil {
		return nil, err
	}
	_, _ = theirIn.Close(), theirOut.Close()
	b := &chromium{command: c, dir: dir, in: ourOut, calls: map[int]chan reply{}, dead: make(chan struct{})}
	go b.read(ourIn)
	return b, nil
}

func (b *chromium) read(from *os.File) {
	defer close(b.dead)
	defer from.Close()
	r := bufio.NewReaderSize(from, 1<<20)
	for {
		text, err := r.ReadBytes(0)
		if err != nil {
			return
		}
		var answer reply
		if json.Unmarshal(bytes.TrimSuffix(text, []byte{0}), &answer) != nil || answer.ID == 0 {
			continue
		}
		b.mu.Lock()
		if c := b.calls[answer.ID]; c != nil {
			delete(b.calls, answer.ID)
			c <- answer
		}
		b.mu.Unlock()
	}
}

// call calls a method of the protocol.
func (b *browser) call(session, method string, params any, result any) {
	b.t.Helper()
	b.mu.Lock()
	b.last++
	id := b.last
	c := make(chan reply, 1)
	b.calls[id] = c
	text, err := json.Marshal(map[string]any{"id": id, "method": method, "params": params, "sessionId": session})
	if session == "" {
		text, err = json.Marshal(map[string]any{"id": id, "method": method, "params": params})
	}
	if err == nil {
		_, err = b.in.Write(append(text, 0))
	}
	b.mu.Unlock()
	if err != nil {
		b.t.Fatal(err)
	}
	select {
	case answer := <-c:
		if answer.Error != nil {
			b.t.Fatalf("%s: %s", method, answer.Error.Message)
		}
		if result != nil {
			if err := json.Unmarshal(answer.Result, result); err != nil {
				b.t.Fatal(err)
			}
		}
	case <-b.dead:
		b.t.Fatalf("%s: the browser has ended", method)
	case <-time.After(2 * time.Minute):
		b.t.Fatalf("%s: no answer", method)
	}
}

// tab is a page of the browser, as large as its window.
type tab struct {
	*browser
	target, session string
}

type params map[string]any

func (b *browser) tab(width, height int, address string) tab {
	b.t.Helper()
	var target struct{ TargetID string }
	b.call("", "Target.createTarget", params{"url": "about:blank", "browserContextId": b.context, "newWindow": true}, &target)
	var attached struct{ SessionID string }
	b.call("", "Target.attachToTarget", params{"targetId": target.TargetID, "flatten": true}, &attached)
	t := tab{b, target.TargetID, attached.SessionID}
	t.size(width, height)
	t.call(t.session, "Page.enable", params{}, nil)
	t.call(t.session, "Network.enable", params{}, nil)
	t.call(t.session, "Page.navigate", params{"url": address}, nil)
	return t
}

func (t tab) size(width, height int) {
	t.t.Helper()
	t.call(t.session, "Emulation.setDeviceMetricsOverride", params{"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500}, nil)
}

func (t tab) light() {
	t.t.Helper()
	t.call(t.session, "Emulation.setEmulatedMedia", params{"features": []params{}}, nil)
}

func (t tab) dark() {
	t.t.Helper()
	t.call(t.session, "Emulation.setEmulatedMedia", params{"features": []params{{"name": "prefers-color-scheme", "value": "dark"}}}, nil)
}

func (t tab) key(key string) {
	t.t.Helper()
	down := params{"type": "keyDown", "key": key}
	if len(key) == 1 {
		down["text"] = key
	}
	switch key {
	case "Enter":
		down["text"] = "\r"
	case "Escape":
		down["windowsVirtualKeyCode"] = 27
	}
	t.call(t.session, "Input.dispatchKeyEvent", down, nil)
	t.call(t.session, "Input.dispatchKeyEvent", params{"type": "keyUp", "key": key}, nil)
}

// eval evaluates an expression, and returns its value as text.
func (t tab) eval(expression string) string {
	t.t.Helper()
	var answer struct {
		Result struct {
			Value any `json:"value"`
		} `json:"result"`
		ExceptionDetails *struct {
			Exception struct {
				Description string `json:"description"`
			} `json:"exception"`
		} `json:"exceptionDetails"`
	}
	t.call(t.session, "Runtime.evaluate", params{"expression": expression, "awaitPromise": true, "returnByValue": true}, &answer)
	if answer.ExceptionDetails != nil {
		t.t.Fatalf("%s: %s", expression, answer.ExceptionDetails.Exception.Description)
	}
	return fmt.Sprint(answer.Result.Value)
}

// view shows a view without loading the page again, and waits until it is there.
func (t tab) view(path string) {
	t.t.Helper()
	t.eval(fmt.Sprintf(`(async () => {
		history.pushState(null, "", %q);
		dispatchEvent(new PopStateEvent("popstate"));
		const next = () => new Promise((done) => requestAnimationFrame(done));
		do { await next(); await next(); } while (document.querySelector(".view").innerText.includes("Loading"));
	})()`, "/"+path))
}

// until waits for an expression to be true.
func (t tab) until(expression string) {
	t.t.Helper()
	for end := time.Now().Add(90 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		if t.eval("(() => { try { return Boolean("+expression+"); } catch (e) { return false; } })()") == "true" {
			return
		}
		if time.Now().After(end) {
			t.t.Fatalf("%s is still not true; the page has:\n%s", expression, t.eval("document.body.innerText"))
		}
	}
}

// darkShot is a picture of the dark page.
func (t tab) darkShot(name string) {
	t.t.Helper()
	if os.Getenv("AVE_SHOTS") != "" {
		t.dark()
		t.shot(name)
		t.light()
	}
}

// shot writes a picture, if somebody wants to look: AVE_SHOTS is a directory.
func (t tab) shot(name string) {
	t.t.Helper()
	dir := os.Getenv("AVE_SHOTS")
	if dir == "" {
		return
	}
	var picture struct{ Data string }
	t.call(t.session, "Page.captureScreenshot", params{"format": "png"}, &picture)
	data, err := base64.StdEncoding.DecodeString(picture.Data)
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, name+".png"), data, 0o644)
	}
	if err != nil {
		t.t.Fatal(err)
	}
}
