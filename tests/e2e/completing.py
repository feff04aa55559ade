"""A line completed by each shell itself, with our file for the program.

SPDX-License-Identifier: Apache-2.0
"""
import pathlib
import shutil
import subprocess

import pexpect
import pytest

FOLDER = pathlib.Path(__file__).parents[2] / "conf/completions"


def in_bash(program, words, env, cwd=None):
    script = (f"source {FOLDER}/{program}.bash; COMP_WORDS=({program} \"$@\"); COMP_CWORD=$#; _{program.replace('-', '_')}; "
              "printf '%s\\n' \"${COMPREPLY[@]}\"")
    done = subprocess.run(["bash", "--norc", "-c", script, "bash", *words], capture_output=True, text=True, timeout=60,
                          check=False, cwd=cwd, env=env)
    assert done.stderr == "", done.stderr
    return done.stdout.split()


def in_fish(program, line, env, cwd=None):
    if not shutil.which("fish"):
        pytest.skip("fish is not installed")
    done = subprocess.run(["fish", "--no-config", "-c", f"source {FOLDER}/{program}.fish; complete -C \"$argv[1]\"", line],
                          capture_output=True, text=True, timeout=60, check=False, cwd=cwd, env=env)
    assert done.stderr == "", done.stderr
    return [entry.split("\t")[0] for entry in done.stdout.splitlines()]


def in_zsh(line, rest, env, home):
    """The shell, still with its line: `rest` is what came of the tabulator."""
    if not shutil.which("zsh"):
        pytest.skip("zsh is not installed")
    child = pexpect.spawn("zsh", ["-f"], timeout=20, encoding="utf-8", dimensions=(24, 200), cwd=str(home),
                          env={**env, "TERM": "dumb", "PS1": "PROMPT> ", "HOME": str(home)})
    child.expect_exact("PROMPT> ")
    child.sendline(f"fpath=({FOLDER} $fpath); autoload -U compinit; compinit -u -D; unsetopt zle_bracketed_paste; echo set")
    child.expect("\nset\r")
    child.expect_exact("PROMPT> ")
    child.sendline("bindkey -e; echo set")
    child.expect("\nset\r")
    child.expect_exact("PROMPT> ")
    child.send(line)
    child.expect_exact(line[-3:])
    child.send("\t")
    child.expect_exact(rest)
    return child
