package page_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"avescript/core/fleet/page"
	"avescript/core/fleet/wire"
)

// TestTerminal shows a terminal live, from its beginning, on the page of a run.
func TestTerminal(t *testing.T) {
	t.Parallel()
	o := newOutputs(t)
	run, token := "261130-100000-ABCDEF", wire.Token{Seq: 12}
	screen := func(name string, lines ...string) {
		o.output("lab-1", run, 0, token, wire.Output{Screen: &wire.Screen{Test: "a test", Name: name, Cast: strings.Join(lines, "\n") + "\n"}})
	}
	o.note(wire.Note{Kind: wire.NoteStarted, Run: run, Token: token, Host: "lab-1", Name: "a.lua", Time: float64(time.Now().Unix())})
	screen("top", `{"version":2,"width":100,"height":10}`, `[0.1,"o","\u001b[2J\u001b[Hload: \u001b[31m0.5\u001b[0m"]`)
	screen("shell", `{"version":2,"width":40,"height":5}`, `[0.1,"o","$ ls\r\nfile"]`, `junk`, `[0.2,"o","<b>\r\n$ "]`)
	p := open(t, page.Options{Lab: labOf(t, 3).view, JetStream: o.js})
	q := url.Values{"host": {"lab-1"}, "job": {"0"}, "token": {"12.0"}, "test": {"a test"}, "name": {"shell"}}
	r := read(t, p.URL()+"/api/run/"+run+"/screen?"+q.Encode(), "")
	first := string(r.until("shot").data)
	wants(t, first, `"cols":40,"rows":5`, `{"row":0,"spans":["$ ls",0]}`, `{"row":1,"spans":["file\u003cb\u003e",0]}`, `"cursor":[2,2]`)
	screen("shell", `[0.3,"o","\u001b[1mbold"]`)
	if got, want := string(r.until("shot").data), `"lines":[{"row":2,"spans":["$ ",0,"bold",1]}],"cursor":[2,6],"styles":[{"bold":true}]}`; !strings.Contains(got, want) {
		t.Errorf("got %s, wanted %s", got, want)
	}
	for _, bad := range []string{"host=a.b&job=0&token=1.0", "host=a&job=x&token=1.0", "host=a&job=0&token=x"} {
		if status, _, _ := request(t, newClient(t), "GET", p.URL()+"/api/run/"+run+"/screen?"+bad, ""); status != 404 {
			t.Errorf("%s: status %d", bad, status)
		}
	}
	w := newBrowser(t).tab(1280, 800, p.URL()+"/run/"+run+"?job=0")
	w.until(`document.querySelector(".terminal").innerText.includes("bold")`)
	for i := range 3 {
		screen("shell", fmt.Sprintf(`[%d.0,"o","\r\nline %d"]`, i+1, i))
	}
	w.until(`document.querySelector(".terminal").innerText.includes("line 2")`)
	w.eval(`document.querySelector("summary").click()`)
	w.until(`document.querySelectorAll(".terminal").length === 2 && document.querySelector(".terminal span:nth-child(2)").style.color === "rgb(205, 49, 49)"`)
	w.shot("terminal")
}
