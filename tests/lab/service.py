"""A server of the lab: started, waited for, frozen, killed. Any process in the lab may do each of these.

A service is a session (setsid) of its own; who belongs to it is read from /proc, so that whoever
started it need not live on.
SPDX-License-Identifier: Apache-2.0
"""
import os
import signal
import socket
import subprocess
import time
from pathlib import Path

from lab import places
from lab.places import LabError


def wait_for(condition, what, seconds=15):
    """The first true value of condition(), asked every 20 ms; LabError when the time is over."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise LabError(f"waited {seconds} s in vain for {what}")
        time.sleep(0.02)


def answers_tcp(address, port):
    """Does somebody accept connections there?"""
    try:
        with socket.create_connection((address, port), timeout=1):
            return True
    except OSError:
        return False


def _stat(pid):
    """(state, session, start time) of a process, None when there is none."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    fields = text.rpartition(")")[2].split()
    return fields[0], int(fields[3]), int(fields[19])


class Service:
    def __init__(self, name, argv, ready, environment=None, stop_signal=signal.SIGTERM):
        """
        argv         a list, or a function that gives one at each start
        ready        asked until it is true
        """
        self.name = name
        self.argv = argv
        self.ready = ready
        self.environment = environment or {}
        self.stop_signal = stop_signal
        self.pid_file = places.RUN / f"{name}.pid"
        self.log = places.LOGS / f"{name}.log"

    def leader(self):
        """The pid of the running service, None when it does not run."""
        try:
            pid, started = (int(word) for word in self.pid_file.read_text().split())
        except (OSError, ValueError):
            return None
        try:
            os.waitpid(pid, os.WNOHANG)
        except ChildProcessError:
            pass
        stat = _stat(pid)
        return pid if stat and stat[0] != "Z" and stat[2] == started else None

    def members(self):
        """All live processes of the service's session."""
        try:
            session = int(self.pid_file.read_text().split()[0])
        except (OSError, ValueError, IndexError):
            return []
        pids = (int(entry) for entry in os.listdir("/proc") if entry.isdigit())
        stats = ((pid, _stat(pid)) for pid in pids)
        return [pid for pid, stat in stats if stat and stat[1] == session and stat[0] != "Z"]

    def start(self, seconds=30):
        """Start and wait until it is ready; LabError with the end of its log when it is not."""
        if self.leader():
            raise LabError(f"{self.name} runs already")
        self.spawn()
        wait_for(lambda: self.ready() or not self.leader(), f"{self.name} ({self.log})", seconds)
        if not self.leader():
            raise LabError(f"{self.name} ended at its start:\n{self.log_tail()}")

    def spawn(self):
        """Start without waiting."""
        argv = self.argv() if callable(self.argv) else self.argv
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with open(self.log, "ab") as log:
            process = subprocess.Popen(
                [str(word) for word in argv], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True, cwd="/", env={"PATH": places.PATH, **self.environment})
        stat = _stat(process.pid)
        # Popen would reap by itself at its next use; leader() does that, whoever asks.
        process.returncode = 0
        self.pid_file.write_text(f"{process.pid} {stat[2] if stat else 0}\n")

    def stop(self, seconds=15):
        """End it politely, then by force; every process of it is gone afterwards."""
        leader = self.leader()
        if leader:
            self.thaw()
            os.kill(leader, self.stop_signal)
            try:
                wait_for(lambda: not self.leader(), f"the end of {self.name}", seconds)
            except LabError:
                pass
        self.kill()

    def kill(self):
        """SIGKILL to all of it, as a crash of the machine would."""
        def gone():
            self.signal(signal.SIGKILL)
            self.leader()
            return not self.members()
        wait_for(gone, f"the death of {self.name}")
        self.pid_file.unlink(missing_ok=True)

    def restart(self):
        self.stop()
        self.start()

    def freeze(self):
        """It keeps its sockets and answers nothing, like a host that hangs: a child that it was forking is caught too."""
        def frozen():
            self.signal(signal.SIGSTOP)
            return all(stat is None or stat[0] in "TZ" for stat in map(_stat, self.members()))
        wait_for(frozen, f"{self.name} to stand still")

    def thaw(self):
        self.signal(signal.SIGCONT)

    def signal(self, number):
        for pid in self.members():
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                pass

    def log_tail(self, lines=30):
        try:
            return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])
        except OSError:
            return "(no log)"
