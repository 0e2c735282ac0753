package workers

import "os"

// Terminal is the terminal that the worker of a held test may use, so that somebody can look
// at the test. Its methods must not take long.
type Terminal interface {
	// File is the terminal.
	File() *os.File
	// Lend gives it to a process. Until Return nobody else may use it.
	Lend(pid int)
	// Return takes it back. The process may have died while it used the terminal.
	Return()
}

// lend is called under the pool's lock. While a test is held, the time limits of all workers
// stand still, because they may wait for something that the held test has.
func (s *slot) lend() {
	pid := 0
	if s.worker != nil {
		pid = s.worker.command.Process.Pid
	}
	s.Terminal.Lend(pid)
	s.standStill(true)
}

func (s *slot) takeBack() {
	s.standStill(false)
	s.Terminal.Return()
}

// standStill tells the workers whether time stands still.
func (p *Pool) standStill(still bool) {
	p.still = still
	for _, s := range p.slots {
		if s.worker != nil {
			s.worker.tell(order{Still: &still})
		}
	}
}
