package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const events = `
{"Action":"start","Package":"avescript/core/a"}
{"Action":"output","Package":"avescript/core/a","Test":"TestGood","Output":"=== RUN   TestGood\n"}
{"Action":"output","Package":"avescript/core/a","Test":"TestGood","Output":"--- PASS: TestGood\n"}
{"Action":"pass","Package":"avescript/core/a","Test":"TestGood"}
{"Action":"output","Package":"avescript/core/b","Test":"TestBad/one","Output":"    b_test.go:5: got 1\n"}
{"Action":"output","Package":"avescript/core/a","Test":"TestVim","Output":"    a_test.go:9: vim is not\n"}
{"Action":"output","Package":"avescript/core/a","Test":"TestVim","Output":"        installed\n"}
{"Action":"output","Package":"avescript/core/a","Test":"TestVim","Output":"--- SKIP: TestVim\n"}
{"Action":"skip","Package":"avescript/core/a","Test":"TestVim"}
{"Action":"skip","Package":"avescript/core/a","Test":"FuzzScreen/seed#1"}
{"Action":"output","Package":"avescript/core/a","Output":"PASS\n"}
{"Action":"output","Package":"avescript/core/a","Output":"ok  \tavescript/core/a\t0.1s\n"}
{"Action":"pass","Package":"avescript/core/a"}
{"Action":"fail","Package":"avescript/core/b","Test":"TestBad/one"}
{"Action":"output","Package":"avescript/core/b","Test":"TestBad","Output":"--- FAIL: TestBad\n"}
{"Action":"fail","Package":"avescript/core/b","Test":"TestBad"}
{"Action":"output","Package":"avescript/core/b","Output":"FAIL\tavescript/core/b\t0.1s\n"}
{"Action":"fail","Package":"avescript/core/b"}
{"Action":"output","Package":"avescript/core/d","Output":"PASS\n"}
{"Action":"output","Package":"avescript/core/d","Output":"goleak: found goroutines\n"}
{"Action":"fail","Package":"avescript/core/d"}
{"ImportPath":"avescript/core/c","Action":"build-output","Output":"c.go:1: no\n"}
`

func TestFollow(t *testing.T) {
	var out strings.Builder
	got, err := follow(strings.NewReader(events), &out)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]string{"core/a.TestVim": "a_test.go:9: vim is not installed"}, got.skipped); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(map[string][]string{"avescript/core/b": {"TestBad"}, "avescript/core/d": {""}}, got.failed); diff != "" {
		t.Error(diff)
	}
	const want = "ok  \tavescript/core/a\t0.1s\n--- FAIL: TestBad\n    b_test.go:5: got 1\nFAIL\tavescript/core/b\t0.1s\nPASS\ngoleak: found goroutines\nc.go:1: no\n"
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Error(diff)
	}
}
