"""A refusal over ssh, as every person sees it.

SPDX-License-Identifier: Apache-2.0
"""
BOTH_PROMPTS = ["Password:", "One-time code:"]


def prompts(outcome):
    """ssh puts (user@host) before what PAM says."""
    return [prompt.rpartition(") ")[2] for prompt in outcome.prompts]


def assert_refused(outcome):
    """ssh's own refusal after both prompts, whatever was wrong (I-35)."""
    assert outcome.status == 255, outcome.transcript
    assert prompts(outcome) == BOTH_PROMPTS
    assert outcome.output.endswith("Permission denied (publickey,keyboard-interactive).")
