# Completion of awsfed-login for fish: words and options as --help has them, roles as the bridge does.
# SPDX-License-Identifier: Apache-2.0

function __awsfed_login_roles
    awsfed-login roles 2>/dev/null | awk 'NR > 1 { print $1 "\t" $2 " " ($3 ~ /^\(/ ? $3 : "") }'
end

function __awsfed_login_words
    awsfed-login --help 2>/dev/null | awk '/^Words:/ { on = 1; next } /^$/ { on = 0 }
        on { word = $1; $1 = ""; print word "\t" $0 }'
end

# The word on the command line, if it has one.
function __awsfed_login_word
    set -l skip 0
    for token in (commandline -opc)[2..-1]
        if test $skip = 1
            set skip 0
            continue
        end
        switch $token
            case -r --role -d --duration --socket --shell --need --service --prefix --profile
                set skip 1
            case '-*'
            case '*'
                echo $token
                return
        end
    end
end

function __awsfed_login_is
    contains -- "$(__awsfed_login_word)" $argv
end

function __awsfed_login_options
    set -l word (__awsfed_login_word)
    awsfed-login $word --help 2>/dev/null | awk '/^Options:/ { on = 1; next } /^$/ { on = 0 }
        on { for (i = 1; i <= 2; i++) if ($i ~ /^-/) { sub(/,$/, "", $i); print $i } }'
end

complete -c awsfed-login -f
complete -c awsfed-login -n '__awsfed_login_is ""' -a '(__awsfed_login_words)'
complete -c awsfed-login -n 'string match -q -- "-*" (commandline -ct); and not __awsfed_login_is exec' -a '(__awsfed_login_options)'
complete -c awsfed-login -n '__awsfed_login_is use' -a '(__awsfed_login_roles)'
complete -c awsfed-login -n '__awsfed_login_is exec' -a '(__fish_complete_subcommand --fcs-skip=2)'
complete -c awsfed-login -s r -l role -x -a '(__awsfed_login_roles)'
complete -c awsfed-login -s d -l duration -x -a '15m 30m 1h 2h 4h 8h 12h'
complete -c awsfed-login -l shell -n '__awsfed_login_is env' -x -a 'bash zsh fish powershell dotenv json'
complete -c awsfed-login -l need -n '__awsfed_login_is exec' -x -a '1h 2h 4h 8h 12h'
complete -c awsfed-login -l service -n '__awsfed_login_is console' -x -a 'billing cloudformation cloudwatch dynamodb ec2 ecs eks iam lambda rds s3 secretsmanager ssm vpc'
complete -c awsfed-login -l socket -r -F
