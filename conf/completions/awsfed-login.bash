# Completion of awsfed-login for bash. Words and options come from --help, which costs a millisecond, so they cannot be out
# of step; roles from the bridge. Nothing that comes from there is ever evaluated (compgen -W would).
# SPDX-License-Identifier: Apache-2.0

_awsfed_login_roles() {
    awsfed-login roles 2>/dev/null | awk 'NR > 1 { print $1 }'
}

_awsfed_login_words() {
    awsfed-login --help 2>/dev/null | awk '/^Words:/ { on = 1; next } /^$/ { on = 0 } on { print $1 }'
}

_awsfed_login_options() {
    awsfed-login "$@" --help 2>/dev/null | awk '/^Options:/ { on = 1; next } /^$/ { on = 0 }
        on { for (i = 1; i <= 2; i++) if ($i ~ /^-/) { sub(/,$/, "", $i); print $i } }'
}

# Lines of standard input that begin with what was typed, quoted for the command line.
_awsfed_login_offer() {
    local line
    while IFS= read -r line; do
        [[ $line == "$1"* ]] && COMPREPLY+=("$(printf '%q' "$line")")
    done
}

_awsfed_login() {
    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} word='' i
    COMPREPLY=()
    for ((i = 1; i < COMP_CWORD; i++)); do
        case ${COMP_WORDS[i]} in
        -r | --role | -d | --duration | --socket | --shell | --need | --service | --prefix | --profile) ((i++)) ;;
        --) [[ $word == exec ]] && break ;;
        -*) ;;
        *)
            [[ $word == exec ]] && break
            word=${word:-${COMP_WORDS[i]}}
            ;;
        esac
    done
    if [[ $word == exec && $i -lt $COMP_CWORD || $word == exec && $prev == -- ]]; then
        [[ ${COMP_WORDS[i]} == -- ]] && ((i++))
        if declare -F _command_offset >/dev/null; then
            _command_offset "$i"
        elif ((i >= COMP_CWORD)); then
            mapfile -t COMPREPLY < <(compgen -c -- "$cur")
        else
            mapfile -t COMPREPLY < <(compgen -f -- "$cur")
        fi
        return
    fi
    case $prev in
    -r | --role) _awsfed_login_offer "$cur" < <(_awsfed_login_roles) ;;
    -d | --duration | --need) _awsfed_login_offer "$cur" < <(printf '%s\n' 15m 30m 1h 2h 4h 8h 12h) ;;
    --shell) _awsfed_login_offer "$cur" < <(printf '%s\n' bash zsh fish powershell dotenv json) ;;
    --service) _awsfed_login_offer "$cur" < <(printf '%s\n' billing cloudformation cloudwatch dynamodb ec2 ecs eks iam \
        lambda rds s3 secretsmanager ssm vpc) ;;
    --socket) mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
    --prefix | --profile) ;;
    *)
        if [[ $cur == -* ]]; then
            _awsfed_login_offer "$cur" < <(_awsfed_login_options ${word:+"$word"})
        elif [[ -z $word ]]; then
            _awsfed_login_offer "$cur" < <(_awsfed_login_words)
        elif [[ $word == use ]]; then
            _awsfed_login_offer "$cur" < <(_awsfed_login_roles)
        fi
        ;;
    esac
}

complete -F _awsfed_login awsfed-login
