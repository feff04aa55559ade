# The log of requests, so that tests can count them and say why one was refused: in memory, and as JSON lines in a file.
# An entry is there from the moment that a request is read, and complete before its reply is sent.
# Assertions, secrets and session tokens are not in it.
#
# SPDX-License-Identifier: Apache-2.0

import json
import threading
import time


class Journal:
    def __init__(self, path=None):
        self._entries = []
        self._lock = threading.Lock()
        self._file = open(path, "a", encoding="utf-8", buffering=1) if path else None

    def open(self, **about):
        """A new entry; `result` is "pending" until finish()."""
        with self._lock:
            entry = {"n": len(self._entries) + 1, "time": time.time(), **about, "result": "pending"}
            self._entries.append(entry)
        return entry

    def finish(self, entry, **about):
        with self._lock:
            entry.update(about)
            if self._file:
                self._file.write(json.dumps(entry, ensure_ascii=False) + "\n")

    def text(self):
        with self._lock:
            return json.dumps(self._entries, ensure_ascii=False)

    def reset(self):
        with self._lock:
            self._entries.clear()
