"""The words of `tests/lab/lab`: up, run, shell, status, down.

SPDX-License-Identifier: Apache-2.0
"""
import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

from lab import changes, namespaces, places
from lab.places import LabError
from lab.service import wait_for

_INFO = places.STATE / "lab.json"
_LOG = places.LOGS / "lab.log"
_UP_SECONDS = 90


def _say(text):
    print(text, file=sys.stderr, flush=True)


def _started(pid):
    """When a process started, which with its number names it for good; None when there is none."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    except OSError:
        return None


def _running():
    """The first process of the running lab, as the host numbers it; None when no lab is up."""
    try:
        info = json.loads(_INFO.read_text())
    except (OSError, ValueError):
        return None
    return info["pid"] if _started(info["pid"]) == info["started"] else None


def _set_up():
    from lab import world
    places.RUN.mkdir(mode=0o755)
    world.set_up(_say)


# ---- In namespaces ----

def _up_in_namespaces():
    shutil.rmtree(places.LOGS, ignore_errors=True)
    places.LOGS.mkdir(parents=True)
    _INFO.unlink(missing_ok=True)
    reader, writer = os.pipe()
    with open(_LOG, "wb") as log:
        process = subprocess.Popen(
            namespaces.command(sys.executable, str(places.HERE / "lab"), "first-process", str(writer)),
            stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True, pass_fds=(writer,),
            env={**os.environ, "PATH": places.PATH})
    os.close(writer)
    with os.fdopen(reader) as pipe:
        verdict = pipe.readline().strip()
    if verdict != "up":
        process.wait()
        raise LabError(f"the lab did not come up:\n{_log_tail()}")


def _first_process(writer):
    """Process 1 of the lab: build everything, then bury the dead until told to end."""
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    pid = namespaces.own_pid_on_the_host()
    _INFO.write_text(json.dumps({"pid": pid, "started": _started(pid)}))
    namespaces.prepare()
    _set_up()
    os.write(writer, b"up\n")
    os.close(writer)
    while True:
        try:
            os.wait()
        except ChildProcessError:
            signal.pause()


def _down_in_namespaces(pid):
    handle = os.pidfd_open(pid)
    try:
        signal.pidfd_send_signal(handle, signal.SIGKILL)
    except ProcessLookupError:
        pass
    os.close(handle)
    wait_for(lambda: not _started(pid), "the end of the lab")


# ---- In place, where namespaces may not be made ----

def _up_in_place():
    _say("no right to make namespaces here: the lab works in place and `lab down` puts everything back")
    shutil.rmtree(places.LOGS, ignore_errors=True)
    places.LOGS.mkdir(parents=True)
    changes.begin_in_place()
    changes.keep(places.RUN)
    places.RUN.mkdir(mode=0o755)
    (places.RUN / "in-place").touch()
    try:
        from lab import world
        world.set_up(_say)
    except BaseException:
        _down_in_place()
        raise


def _down_in_place():
    from lab import world
    if places.RUN.is_dir():
        world.stop_all()
    changes.undo()


# ---- The words ----

def _log_tail(lines=40):
    try:
        return "\n".join(_LOG.read_text(errors="replace").splitlines()[-lines:])
    except OSError:
        return ""


def up():
    if os.geteuid() != 0:
        raise LabError("the lab needs root: sudo tests/lab/lab up")
    if places.inside() or _running():
        _say("the lab is up already")
        return
    if changes.JOURNAL.is_dir():
        _say("an earlier lab in place was not taken down: putting its changes back first")
        _down_in_place()
    begin = time.monotonic()
    if os.environ.get("LAB_IN_PLACE") != "1" and namespaces.possible():
        _up_in_namespaces()
    else:
        _up_in_place()
    _say(f"the lab is up ({time.monotonic() - begin:.1f} s)")


def down():
    pid = _running()
    if pid:
        _down_in_namespaces(pid)
    elif changes.JOURNAL.is_dir():
        _down_in_place()
    else:
        _say("no lab is up")
        return
    _INFO.unlink(missing_ok=True)
    _say("the lab is down")


def run(argv):
    """Run argv in the lab; one that is not up is brought up for it and taken down afterwards."""
    own = not places.inside() and not _running()
    if own:
        up()
    try:
        if not places.inside():
            argv = namespaces.enter_command(_running(), argv)
        return subprocess.run(argv, env=_environment()).returncode
    finally:
        if own:
            down()


def _environment():
    """The caller's, but for what would lead to other programs or to the host's files."""
    kept = {name: value for name, value in os.environ.items()
            if not name.startswith(("AWS_", "LDAP", "KRB5", "PYENV", "SSH_"))}
    return {**kept, "PATH": places.PATH, "HOME": "/root", "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONPATH": str(places.REPO / "tests")}


def status():
    where = "in place" if changes.JOURNAL.is_dir() else f"process {_running()}"
    if not places.inside() and not _running():
        _say("no lab is up")
        return 1
    _say(f"the lab is up ({where}); logs in {places.LOGS}")
    return run([sys.executable, "-c", "from lab import world; world.show()"])


def _word(argv):
    parser = argparse.ArgumentParser(prog="lab", description=__doc__.partition("\n")[0])
    words = parser.add_subparsers(dest="word", required=True)
    words.add_parser("up", help="bring the lab up")
    words.add_parser("down", help="take it down; nothing of it stays")
    words.add_parser("status", help="what runs")
    words.add_parser("shell", help="a root shell in it")
    words.add_parser("run", help="run a command in it, bringing it up and down for that if need be"
                     ).add_argument("argv", nargs=argparse.REMAINDER, metavar="CMD…")
    options = parser.parse_args(argv)
    if options.word == "run":
        if not options.argv:
            parser.error("run what?")
        return run(options.argv)
    if options.word == "shell":
        return run(["bash", "--norc"])
    return {"up": up, "down": down, "status": status}[options.word]() or 0


def main(argv):
    # A shell starts what it puts into the background with these ignored, and so would be all that runs in the lab.
    for ignored in (signal.SIGINT, signal.SIGQUIT):
        if signal.getsignal(ignored) is signal.SIG_IGN:
            signal.signal(ignored, signal.SIG_DFL)
    try:
        if argv[:1] == ["first-process"]:
            return _first_process(int(argv[1]))
        # Whoever is told to end takes down what they brought up.
        for number in (signal.SIGTERM, signal.SIGHUP):
            if signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, lambda told, _: sys.exit(128 + told))
        return _word(argv)
    except KeyboardInterrupt:
        return 130
    except (LabError, subprocess.CalledProcessError) as error:
        _say(f"lab: {error}")
        return 1
