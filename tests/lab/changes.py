"""Changes to the machine's files. In namespaces they are simply made; in place each is written down first.

In place the journal lies outside of the tree, so that `lab down` can undo after a crash and after a
`make clean`: one JSON line a change, synced before the change is made, undone from the last to the first.
SPDX-License-Identifier: Apache-2.0
"""
import json
import os
import shutil
import stat
from pathlib import Path

JOURNAL = Path("/var/tmp/awsfed-lab-undo")


def begin_in_place():
    """From here on everybody in the lab, tests as well, writes down what they change."""
    times = _times(JOURNAL.parent)
    JOURNAL.mkdir(mode=0o700)
    _write_down({"path": str(JOURNAL), "parent_times": times})


def write(path, content, mode=0o644, owner=(0, 0)):
    """Make a file be so. Written in place, not renamed: in a container /etc/hosts is a mount point."""
    path = Path(path)
    keep(path)
    with open(path, "wb") as file:
        file.write(content.encode() if isinstance(content, str) else content)
    os.chown(path, *owner)
    path.chmod(mode)


def directory(path, mode=0o755, owner=(0, 0)):
    """Make a folder be there; one that was there stays as it is. Its parent must exist."""
    path = Path(path)
    if path.is_dir():
        return
    keep(path)
    path.mkdir()
    os.chown(path, *owner)
    path.chmod(mode)


def keep(path):
    """
    Somebody is about to change, make or remove this file or folder: remember how it is now. A socket or the
    like cannot be remembered: it will be gone.
    """
    if not JOURNAL.is_dir() or str(path) in _kept():
        return
    path = Path(path)
    entry = {"path": str(path), "parent_times": _times(path.parent)}
    if os.path.lexists(path) and not _is_special(path):
        entry["copy"] = f"copy-{len(_entries())}"
        _copy(path, JOURNAL / entry["copy"])
    _write_down(entry)


def undo():
    """Everything as it was. A crash in the middle of this leaves a journal that can be undone again."""
    for entry in reversed(_entries()):
        path = Path(entry["path"])
        if "copy" in entry:
            _restore(JOURNAL / entry["copy"], path)
        elif path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
        if path.parent.is_dir():
            os.utime(path.parent, ns=tuple(entry["parent_times"]))
    shutil.rmtree(JOURNAL, ignore_errors=True)


def _times(path):
    status = os.stat(path)
    return [status.st_atime_ns, status.st_mtime_ns]


def _entries():
    try:
        return [json.loads(line) for line in (JOURNAL / "journal").read_text().splitlines()]
    except FileNotFoundError:
        return []


def _kept():
    """Paths in the journal, and all that lies below a folder that is in it."""
    class Paths(set):
        def __contains__(self, path):
            return any(set.__contains__(self, str(p)) for p in (path, *Path(path).parents))
    return Paths(entry["path"] for entry in _entries())


def _write_down(entry):
    with open(JOURNAL / "journal", "a") as file:
        file.write(json.dumps(entry) + "\n")
        file.flush()
        os.fsync(file.fileno())


def _copy(path, copy):
    """A file or a whole folder with owners, modes and times. Of a socket or the like, that there was one: as a FIFO."""
    status = os.lstat(path)
    if stat.S_ISDIR(status.st_mode):
        copy.mkdir()
        for child in path.iterdir():
            _copy(child, copy / child.name)
    elif stat.S_ISLNK(status.st_mode):
        copy.symlink_to(os.readlink(path))
    elif stat.S_ISREG(status.st_mode):
        shutil.copyfile(path, copy)
    else:
        os.mkfifo(copy)
    _same(status, copy)


def _same(status, path):
    os.chown(path, status.st_uid, status.st_gid, follow_symlinks=False)
    if not stat.S_ISLNK(status.st_mode):
        os.chmod(path, stat.S_IMODE(status.st_mode))
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns), follow_symlinks=False)


def _restore(copy, path):
    status = os.lstat(copy)
    if stat.S_ISDIR(status.st_mode):
        path.mkdir(exist_ok=True)
        for child in path.iterdir():
            if not os.path.lexists(copy / child.name):
                shutil.rmtree(child) if child.is_dir() and not child.is_symlink() else child.unlink()
        for child in copy.iterdir():
            _restore(child, path / child.name)
    elif stat.S_ISLNK(status.st_mode):
        path.unlink(missing_ok=True)
        path.symlink_to(os.readlink(copy))
    elif stat.S_ISFIFO(status.st_mode):
        return
    else:
        with open(path, "wb") as file:
            file.write(copy.read_bytes())
    _same(status, path)


def _is_special(path):
    mode = os.lstat(path).st_mode
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode) or stat.S_ISLNK(mode))
