"""A person in front of a real terminal emulator: tmux, on a server of its own, shows what a screen would.

SPDX-License-Identifier: Apache-2.0
"""
import os
import shlex
import subprocess
import tempfile
import time


class Screen:
    """A program in a window of columns x lines, whose last line is "ended: STATUS". Use it in `with`."""

    def __init__(self, argv, columns=100, lines=30):
        self.folder = tempfile.TemporaryDirectory(prefix="tmux-")
        self.environment = {"PATH": os.environ["PATH"], "HOME": self.folder.name, "LANG": "C.UTF-8", "TERM": "xterm-256color"}
        self.tmux("-f", "/dev/null", "new-session", "-d", "-x", str(columns), "-y", str(lines),
                  f"{shlex.join(map(str, argv))}; echo ended: $?; exec cat")

    def tmux(self, *words):
        return subprocess.run(["tmux", "-S", f"{self.folder.name}/s", *words], text=True, capture_output=True, check=True,
                              env=self.environment, timeout=20).stdout

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.tmux("kill-server")
        self.folder.cleanup()

    def type(self, text):
        """Characters as they are; none of them names a key."""
        self.tmux("send-keys", "-l", "--", text)

    def key(self, *names):
        """Keys by tmux's names: Enter, Down, C-c."""
        self.tmux("send-keys", *names)

    def line(self, text):
        self.type(text)
        self.key("Enter")

    def text(self):
        """What the screen shows, lines without their trailing blanks."""
        return self.tmux("capture-pane", "-p").rstrip("\n")

    def wait(self, *texts, gone=(), seconds=20):
        """Until all of the texts are on the screen and none of the others is; the screen then."""
        end = time.monotonic() + seconds
        while True:
            shown = self.text()
            if all(text in shown for text in texts) and not any(text in shown for text in gone):
                return shown
            assert time.monotonic() < end, f"waited for {texts} without {gone}:\n{shown}"
            time.sleep(0.02)
