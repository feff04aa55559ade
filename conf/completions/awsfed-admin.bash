# Completion of awsfed-admin for bash. Words, options and their values come from --help, so they cannot be out of step. Nothing that
# comes from there is ever evaluated (compgen -W would).
# SPDX-License-Identifier: Apache-2.0

# Lines "WORDS<TAB>OPTION<TAB>VALUE" of --help; OPTION and VALUE are empty where there is none.
_awsfed_admin_table() {
    awsfed-admin --help 2>/dev/null | awk '
        /^  [a-z]/ { words = ""; text = substr($0, 3); sub(/  .*/, "", text); n = split(text, t, " ")
            for (i = 1; i <= n && t[i] ~ /^[a-z][a-z-]*$/; i++) words = words (i > 1 ? " " : "") t[i]
            print words "\t\t" }
        /^(  [a-z]|      -)/ { text = $0; sub(/^ +/, "", text); sub(/  .*/, "", text); n = split(text, t, /[ ,\[\]]+/)
            for (i = 1; i <= n; i++) if (t[i] ~ /^--[a-z]/) { print words "\t" t[i] "\t"
                if (t[i + 1] ~ /^[a-z.-]+(\|[a-z.-]+)+$/) { m = split(t[i + 1], v, "|")
                    for (k = 1; k <= m; k++) print words "\t" t[i] "\t" v[k] } } }'
}

# Lines of standard input that begin with what was typed, each once.
_awsfed_admin_offer() {
    local line
    while IFS= read -r line; do
        [[ -n $line && $line == "$1"* ]] && COMPREPLY+=("$(printf '%q' "$line")")
    done < <(sort -u)
}

_awsfed_admin() {
    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} words='' n=0 i values
    COMPREPLY=()
    for ((i = 1; i < COMP_CWORD && n < 2; i++)); do
        case ${COMP_WORDS[i]} in
        -c | --config | --socket) ((i++)) ;;
        -*) ;;
        *) words+=${words:+ }${COMP_WORDS[i]} && ((n++)) ;;
        esac
    done
    case $prev in
    -c | --config | --socket | --output | --output-dir | --dir | --sshd-config | --owners | --key-file)
        mapfile -t COMPREPLY < <(compgen -f -- "$cur")
        return
        ;;
    esac
    # A second word that is none of ours is a USER or a file.
    _awsfed_admin_table | cut -f 1 | grep -qxF -- "$words" || [[ $n -lt 2 ]] || words=${words%% *}
    values=$(_awsfed_admin_table | awk -F '\t' -v w="$words" -v o="$prev" '$1 == w && $2 == o && $3 != "" { print $3 }')
    if [[ -n $values ]]; then
        _awsfed_admin_offer "$cur" <<<"$values"
    elif [[ $cur == -* && $n -eq 0 ]]; then
        _awsfed_admin_offer "$cur" < <(printf '%s\n' --config --socket --help --version)
    elif [[ $cur == -* ]]; then
        _awsfed_admin_offer "$cur" < <(_awsfed_admin_table | awk -F '\t' -v w="$words" '$1 == w { print $2 }')
    elif [[ $n -eq 0 ]]; then
        _awsfed_admin_offer "$cur" < <(_awsfed_admin_table | cut -f 1 | cut -d ' ' -f 1)
    elif [[ $n -eq 1 ]]; then
        _awsfed_admin_offer "$cur" < <(_awsfed_admin_table | cut -f 1 | awk -v w="$words" '$1 == w { print $2 }')
    fi
}

complete -F _awsfed_admin awsfed-admin
