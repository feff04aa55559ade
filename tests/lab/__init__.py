"""The lab: a real domain controller, sshd, the bridge and an AWS stand-in, in namespaces of its own.

One module a noun; `tests/lab/lab` is the command, tests/lab/README.md the map. Tests import it as `lab`.
SPDX-License-Identifier: Apache-2.0
"""
