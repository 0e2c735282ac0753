package process

import (
	"os/exec"
	"testing"
)

// An unknown result may be due to a busy machine.

func TestSinceIsEmpty(t *testing.T) {
	c := lead(t, `exit 7`)
	c.ended()
	for range 3 {
		if err := exec.Command("true").Run(); err != nil {
			t.Fatal(err)
		}
	}
	if empty, known := sinceIsEmpty(c.Process.Pid); known && !empty {
		t.Error("the processes of others were taken for some of the session")
	}
	c.kill(HangUp)
}

func TestSinceIsNotEmpty(t *testing.T) {
	c := lead(t, `(true; nohup sleep 1000 >&2 &); exit 7`)
	c.ended()
	if empty, known := sinceIsEmpty(c.Process.Pid); known && empty {
		t.Error("an orphan in the session was not found")
	}
	c.kill(HangUp)
}
