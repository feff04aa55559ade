"""
awsfed-login and the terminal that it asks on: whatever ends it, the terminal is as it was; and what others can see of it.
SPDX-License-Identifier: Apache-2.0
"""
import os
import pathlib
import resource
import signal
import sys

import pexpect
import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from fake_bridge import Refusal  # noqa: E402
from login_tools import LOGIN, answer, bridge, echoes, ended, environment, signing_in, spawn, status, type_in  # noqa: E402, F401
from lab.awsfed import may_be_looked_into  # noqa: E402


# A shell with job control that tells what became of the terminal, where bash would quietly put it
# right. Only after a stop does it set its own modes, as shells do.
SHELL = """
import os, signal, sys, termios
signal.signal(signal.SIGTTOU, signal.SIG_IGN)
before = termios.tcgetattr(0)
pid = os.fork()
if pid == 0:
    os.setpgid(0, 0)
    os.tcsetpgrp(0, os.getpid())
    signal.signal(signal.SIGTTOU, signal.SIG_DFL)
    os.execv(sys.argv[1], sys.argv[1:])
while True:
    _, status = os.waitpid(pid, os.WUNTRACED)
    after = termios.tcgetattr(0)
    os.tcsetpgrp(0, os.getpgrp())
    same = "restored" if after == before else "CHANGED"
    if not os.WIFSTOPPED(status):
        print(f"ended {os.waitstatus_to_exitcode(status)} {same};", flush=True)
        break
    termios.tcsetattr(0, termios.TCSANOW, before)
    print(f"stopped {os.WSTOPSIG(status)} {same};", flush=True)
    input()
    os.tcsetpgrp(0, pid)
    os.kill(pid, signal.SIGCONT)
"""


class Shell:
    """awsfed-login as the foreground job of that shell, at its first prompt."""

    def __init__(self, bridge):
        self.bridge = bridge
        self.child = pexpect.spawn("/usr/bin/python3", ["-c", SHELL, LOGIN], timeout=20,
                                   encoding="utf-8", env=environment(AWSFED_SOCKET=bridge.path))
        self.prompted()

    def prompted(self):
        self.child.expect_exact("Password: ")
        assert not echoes(self.child)

    def ended(self, status):
        """With that status (negative: a signal's number), and the terminal as it was before."""
        self.child.expect(r"(ended|stopped) (-?\d+) (\w+);")
        assert self.child.match.groups() == ("ended", str(int(status)), "restored")

    def stopped(self, number, terminal):
        self.child.expect(r"(ended|stopped) (-?\d+) (\w+);")
        assert self.child.match.groups() == ("stopped", str(int(number)), terminal)

    def job(self):
        return os.tcgetpgrp(self.child.child_fd)


@pytest.fixture
def shell(bridge):
    it = Shell(bridge)
    yield it
    it.child.close(force=True)


@pytest.mark.parametrize("key, number", [("\x03", signal.SIGINT), ("\x1c", signal.SIGQUIT)])
def test_a_key_that_interrupts_restores_the_terminal(shell, key, number):
    shell.child.send("half a pass" + key)
    shell.ended(-number)
    assert shell.bridge.types() == ["STATUS_OF"]


def test_ctrl_c_at_the_second_prompt(shell):
    shell.child.sendline("password")
    shell.child.expect_exact("One-time code: ")
    shell.child.send("12\x03")
    shell.ended(-signal.SIGINT)
    assert "SIGN_IN" not in shell.bridge.types()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_signal_that_ends_it_restores_the_terminal(shell, number):
    os.kill(shell.job(), number)
    shell.ended(-number)


def test_every_answer_restores_the_terminal(shell):
    type_in(shell.child, "wrong", "wrong")
    shell.child.expect_exact("you are not signed in")  # the fake's answer to a SIGN_IN it does not know
    shell.ended(4)


def test_end_of_input_restores_the_terminal(shell):
    shell.child.sendeof()
    shell.ended(4)


def test_ctrl_z_restores_and_coming_back_asks_again(shell):
    shell.child.send("half a pass\x1a")
    shell.stopped(signal.SIGTSTP, "restored")
    signing_in(shell.bridge)
    shell.child.sendline("fg")
    shell.prompted()
    type_in(shell.child)
    shell.child.expect_exact("Signed in as")
    shell.ended(0)


def test_a_stop_that_cannot_be_caught_does_not_leave_the_echo_on(shell):
    """After SIGSTOP the shell has set the terminal as it likes it; the prompt hides it again."""
    os.kill(shell.job(), signal.SIGSTOP)
    shell.stopped(signal.SIGSTOP, "CHANGED")
    shell.child.sendline("fg")
    shell.prompted()
    shell.child.send("\x03")
    shell.ended(-signal.SIGINT)


def test_nobody_is_asked_whose_input_is_not_a_terminal(bridge):
    """There is a terminal to open, but a script's input comes from elsewhere."""
    child = pexpect.spawn("/bin/sh", ["-c", f"{LOGIN} </dev/null; echo status=$?"], timeout=20,
                          encoding="utf-8", env=environment(AWSFED_SOCKET=bridge.path))
    child.expect(pexpect.EOF)
    assert "Password" not in child.before and "status=4" in child.before


def test_an_ignored_signal_stays_ignored(bridge):
    def ignore():
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signing_in(bridge)
    child = spawn(bridge, preexec_fn=ignore)
    child.expect_exact("Password: ")
    os.kill(child.pid, signal.SIGHUP)
    type_in(child)
    child.expect(pexpect.EOF)
    assert ended(child) == 0


def test_it_leaves_no_core_and_lets_no_other_process_in(bridge, tmp_path):
    """I-57: a process that may hold a password is not dumpable; a plain one in its place is."""
    def crash(argv, ready):
        def allow():
            resource.setrlimit(resource.RLIMIT_CORE, (resource.RLIM_INFINITY,) * 2)
        child = pexpect.spawn(argv[0], argv[1:], cwd=str(tmp_path), preexec_fn=allow, timeout=20,
                              env=environment(AWSFED_SOCKET=bridge.path))
        child.expect_exact(ready)
        os.kill(child.pid, signal.SIGSEGV)
        child.expect(pexpect.EOF)
        child.close()
        return os.WCOREDUMP(child.status)
    if not crash(["/bin/sh", "-c", "echo up; read x"], "up"):
        pytest.skip("this machine writes no cores at all")
    assert not crash([LOGIN], "Password: ")


def test_secrets_are_in_neither_arguments_nor_environment(bridge):
    """I-57"""
    seen = {}

    def sign_in(fields):
        for name in ("cmdline", "environ"):
            try:
                seen[name] = pathlib.Path(f"/proc/{child.pid}/{name}").read_bytes()
            except PermissionError:  # not dumpable: only who may look into every process may look
                pass
        return Refusal("LOCKED")
    bridge.on("SIGN_IN", sign_in)
    child = spawn(bridge)
    answer(child)
    child.expect(pexpect.EOF)
    assert ("environ" in seen) == may_be_looked_into()
    for text in seen.values():
        assert b"s3cret" not in text and b"123456" not in text
    assert seen["cmdline"] == LOGIN.encode() + b"\0"
