# In the last ten minutes of a sign-in each prompt of an interactive shell says so, with the command that goes on: unasked, on the
# person's own terminal, in some 3 ms. For /etc/profile.d, and /etc/bash.bashrc or /etc/zsh/zshrc where shells are no login shells.
# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
case $- in
*i*)
    __awsfed_tell_the_end() {
        # What ran before the prompt keeps its status.
        set -- $?
        awsfed-login status --prompt >/dev/null
        return "$1"
    }
    if [ -n "${BASH_VERSION-}" ]; then
        case ";${PROMPT_COMMAND-};" in
        *";__awsfed_tell_the_end;"*) ;;
        *) PROMPT_COMMAND="__awsfed_tell_the_end${PROMPT_COMMAND:+;$PROMPT_COMMAND}" ;;
        esac
    elif [ -n "${ZSH_VERSION-}" ]; then
        case " ${precmd_functions-} " in
        *" __awsfed_tell_the_end "*) ;;
        *) eval 'precmd_functions+=(__awsfed_tell_the_end)' ;;
        esac
    fi
    ;;
esac
