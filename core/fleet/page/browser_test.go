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

// browser is a headless Chromium that is told what to do through a pair of pipes, in the
// DevTools protocol.
type browser struct {
	t     testing.TB
	in    *os.File
	mu    sync.Mutex
	last  int
	calls map[int]chan reply
	dead  chan struct{}
}

type reply struct {
	ID     int             `json:"id"`
	Result json.RawMessage `json:"result"`
	Error  *struct {
		Message string `json:"message"`
	} `json:"error"`
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
	theirIn, ourOut, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	ourIn, theirOut, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	c := exec.Command(program, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--remote-debugging-pipe",
		"--ignore-certificate-errors", "--hide-scrollbars", "--user-data-dir="+t.TempDir(), "about:blank")
	c.ExtraFiles = []*os.File{theirIn, theirOut} // descriptors 3 and 4
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	_, _ = theirIn.Close(), theirOut.Close()
	b := &browser{t: t, in: ourOut, calls: map[int]chan reply{}, dead: make(chan struct{})}
	go b.read(ourIn)
	t.Cleanup(func() {
		_, _ = b.in.Write([]byte(`{"id":1000000,"method":"Browser.close"}` + "\x00"))
		timer := time.AfterFunc(10*time.Second, func() { _ = c.Process.Kill() })
		_ = c.Wait()
		timer.Stop()
		_ = b.in.Close()
		<-b.dead
		_ = ourIn.Close()
	})
	return b
}

func (b *browser) read(from *os.File) {
	defer close(b.dead)
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
	b.call("", "Target.createTarget", params{"url": "about:blank"}, &target)
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

// until waits for an expression to be true.
func (t tab) until(expression string) {
	t.t.Helper()
	for end := time.Now().Add(90 * time.Second); ; time.Sleep(50 * time.Millisecond) {
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
