"""Runs a server until standard input ends: whatever ends the test, a panic, a signal or SIGKILL,
closes the pipe, and the server goes with all that it started."""

import os
import signal
import subprocess
import sys
import threading

SECONDS_TO_END = 3

signal.signal(signal.SIGINT, signal.SIG_IGN)
# A session of its own: the functions that an emulator runs are ended with it.
server = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL, start_new_session=True)


def end_with_the_test():
    sys.stdin.buffer.read()
    server.terminate()
    try:
        server.wait(SECONDS_TO_END)
    except subprocess.TimeoutExpired:
        pass
    end_all()


def end_all():
    try:
        os.killpg(server.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


threading.Thread(target=end_with_the_test, daemon=True).start()
status = server.wait()
end_all()
sys.exit(status)
