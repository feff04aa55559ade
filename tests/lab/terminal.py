"""A person at a terminal: runs a program on a pty, answers its prompts, and remembers all of it.

SPDX-License-Identifier: Apache-2.0
"""
import re
from dataclasses import dataclass, field

import pexpect

from lab import places

# What asks a person something: ours, sudo's, login's and the change of a password.
PROMPT = re.compile(r"[^\r\n]*(?:[Pp]assword|[Cc]ode|login|Enter to go on)(?: for \w+)?: ?$")


@dataclass
class Outcome:
    """How a conversation ended. transcript has the prompts and the output, and never what was typed."""
    status: int = -1  # exit status; 128 + N for a signal; -1 when it had to be killed
    transcript: str = ""
    prompts: list = field(default_factory=list)

    @property
    def output(self):
        """What came after the last prompt."""
        if not self.prompts:
            return self.transcript.strip()
        return self.transcript.rpartition(self.prompts[-1])[2].strip()


class Conversation:
    """One program on a terminal of its own. Close it, or use it in `with`."""

    def __init__(self, argv, timeout=20, environment=None):
        argv = [str(word) for word in argv]
        self.outcome = Outcome()
        self.child = pexpect.spawn(
            argv[0], argv[1:], timeout=timeout, encoding="utf-8", codec_errors="replace", echo=False,
            dimensions=(50, 160),
            env={"PATH": places.PATH, "TERM": "dumb", "HOME": "/root", "LANG": "C.UTF-8",
                 **(environment or {})})
        # pexpect waits 50 ms before each line it types and 100 ms when it closes; no program here needs that.
        self.child.delaybeforesend = None
        self.child.delayafterclose = self.child.delayafterterminate = 0.02
        self.child.ptyproc.delayafterclose = self.child.ptyproc.delayafterterminate = 0.02

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def read_until(self, pattern, timeout=-1):
        """Read until a regular expression or the end; what was read, with the match."""
        self.child.expect([pattern, pexpect.EOF], timeout=timeout)
        after = self.child.after if isinstance(self.child.after, str) else ""
        text = (self.child.before or "") + after
        self.outcome.transcript += text
        return text

    def next_prompt(self):
        """Wait for a prompt or the end; the prompt's text, None at the end."""
        if self.child.expect([PROMPT, pexpect.EOF]) == 1:
            self.outcome.transcript += self.child.before or ""
            return None
        self.outcome.transcript += self.child.before + self.child.after
        prompt = self.child.after.strip()
        self.outcome.prompts.append(prompt)
        return prompt

    def answer(self, text):
        self.child.sendline(text)

    def finish(self):
        """Read to the end; a further prompt ends the program."""
        if self.next_prompt() is not None:
            self.child.close(force=True)
            return self.outcome
        self.child.close()
        status, number = self.child.exitstatus, self.child.signalstatus
        self.outcome.status = 128 + number if number else status
        return self.outcome

    def close(self):
        self.child.close(force=True)


def converse(argv, answers=(), timeout=20, environment=None):
    """
    Run argv and answer its prompts in turn. The Outcome lists every prompt that came; one that comes after
    the last answer ends the program, with status -1.
    """
    with Conversation(argv, timeout, environment) as conversation:
        for text in answers:
            if conversation.next_prompt() is None:
                break
            conversation.answer(text)
        return conversation.finish()
