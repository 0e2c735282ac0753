# The same as expect.lua, with pexpect, and only with reads.

import os
import pty
import sys
import time

size, kind = sys.argv[1], sys.argv[2]
words = ["-c", "yes 'what a program may write' | head -c " + size + "; echo THE END"]


def read():
    pid, master = pty.fork()
    if pid == 0:
        os.execlp("sh", "sh", *words)
    total = 0
    try:
        while data := os.read(master, 65536):
            total += len(data)
    except OSError:  # the end of the output
        pass
    os.waitpid(pid, 0)
    os.close(master)
    return total


def expect():
    import pexpect

    child = pexpect.spawn("sh", words, timeout=600)
    if kind == "regex":
        child.expect("[A-Z]+ END")
    else:
        child.expect_exact("THE END")
    return len(child.before)


begin = time.monotonic()
total = read() if kind == "read" else expect()
print(total / (time.monotonic() - begin))
