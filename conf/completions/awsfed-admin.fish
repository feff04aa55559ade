# Completion of awsfed-admin for fish: words, options and their values as --help has them.
# SPDX-License-Identifier: Apache-2.0

# Lines "WORDS<TAB>OPTION<TAB>VALUE" of --help; OPTION and VALUE are empty where there is none.
function __awsfed_admin_table
    awsfed-admin --help 2>/dev/null | awk '
        /^  [a-z]/ { words = ""; text = substr($0, 3); sub(/  .*/, "", text); n = split(text, t, " ")
            for (i = 1; i <= n && t[i] ~ /^[a-z][a-z-]*$/; i++) words = words (i > 1 ? " " : "") t[i]
            print words "\t\t" }
        /^(  [a-z]|      -)/ { text = $0; sub(/^ +/, "", text); sub(/  .*/, "", text); n = split(text, t, /[ ,\[\]]+/)
            for (i = 1; i <= n; i++) if (t[i] ~ /^--[a-z]/) { print words "\t" t[i] "\t"
                if (t[i + 1] ~ /^[a-z.-]+(\|[a-z.-]+)+$/) { m = split(t[i + 1], v, "|")
                    for (k = 1; k <= m; k++) print words "\t" t[i] "\t" v[k] } } }'
end

# The words on the command line, two at most, as far as they are ours.
function __awsfed_admin_words
    set -l skip 0
    set -l found
    for token in (commandline -opc)[2..-1]
        if test $skip = 1
            set skip 0
            continue
        end
        switch $token
            case -c --config --socket
                set skip 1
            case '-*'
            case '*'
                set -a found $token
        end
    end
    set -l both (string join ' ' $found[1..2])
    if test (count $found) -gt 1; and not __awsfed_admin_table | cut -f 1 | grep -qxF -- "$both"
        echo $found[1]
    else
        echo $both
    end
end

function __awsfed_admin_offer
    set -l words (__awsfed_admin_words)
    set -l previous (commandline -opc)[-1]
    set -l values (__awsfed_admin_table | awk -F '\t' -v w="$words" -v o="$previous" '$1 == w && $2 == o && $3 != "" { print $3 }')
    if test (count $values) -gt 0
        printf '%s\n' $values
    else if string match -q -- '-*' (commandline -ct)
        __awsfed_admin_table | awk -F '\t' -v w="$words" '$1 == w { print $2 }' | sort -u
    else if test -z "$words"
        __awsfed_admin_table | cut -f 1 | cut -d ' ' -f 1 | sort -u
    else
        __awsfed_admin_table | cut -f 1 | awk -v w="$words" '$1 == w { print $2 }' | sort -u
    end
end

complete -c awsfed-admin -f
complete -c awsfed-admin -a '(__awsfed_admin_offer)'
complete -c awsfed-admin -n 'test -z "$(__awsfed_admin_words)"' -s c -l config -r -F
complete -c awsfed-admin -n 'test -z "$(__awsfed_admin_words)"' -l socket -r -F
complete -c awsfed-admin -n 'contains -- "$(__awsfed_admin_words)" aws-setup "oidc metadata"' -l output-dir -r -F
