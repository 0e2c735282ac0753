package script

import (
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	lua "github.com/yuin/gopher-lua"

	"avescript/lualib/modules/process"
	"avescript/lualib/vm"
)

// AnswerHickups makes the script write a hickup file when SIGUSR1 comes, until stop
// is called.
func AnswerHickups(v *vm.VM) (stop func()) {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGUSR1)
	name := filepath.Base(os.Args[0])
	go process.AnswerHickups(v, "", name, signals, func(L *lua.LState) error {
		return process.WriteHickup(L, "", name, nil)
	})
	return func() {
		time.AfterFunc(atLeisure, func() {
			signal.Stop(signals)
			close(signals)
		})
	}
}
