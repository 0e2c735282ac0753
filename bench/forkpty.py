# The same as c/forkpty.c, with Python's pty.fork.

import os
import pty
import sys
import time


def run(program):
    pid, master = pty.fork()
    if pid == 0:
        os.execlp(program, program)
    try:
        while os.read(master, 4096):
            pass
    except OSError:  # the end of the output
        pass
    _, status = os.waitpid(pid, 0)
    os.close(master)
    if status != 0:
        sys.exit("%s: status %d" % (program, status))


length, program = float(sys.argv[1]), sys.argv[2]
begin, runs = time.monotonic(), 0
while time.monotonic() - begin < length:
    run(program)
    runs += 1
print(runs / (time.monotonic() - begin))
