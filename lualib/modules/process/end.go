package process

import (
	"sync"
	"time"

	"avescript/core/process"
)

// ended makes sure that the process is ended only once.
var ended sync.Once

// logTime limits the wait for the last line of the log: the log may be a pipe that
// nobody reads.
const logTime = time.Second

// End is the last thing that a process does which a script has started: it logs the
// end, and removes its pid file.
func End(log func(message string), message string) {
	ended.Do(func() {
		written := make(chan struct{})
		go func() {
			defer close(written)
			log(message)
		}()
		select {
		case <-written:
		case <-time.After(logTime):
		}
		process.RemovePidFiles()
	})
}
