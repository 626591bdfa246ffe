# shellcheck shell=bash
# A deployed platform, seen through the AWS CLI (version 1 or 2): for the scripts beside this folder, which set
# `me` (their name in messages) and source it. Parameters go to the CLI in a private file that lives as long as the
# call: any user of the machine can read a command line, and the CLI reads --cli-input-json twice, so that a pipe
# does not do (aws/aws-cli#7850).

: "${me:?the name of the script that sources this}"

# `bash -x` would print passwords and tokens.
set +x

export AWS_PAGER="" AWS_CLI_AUTO_PROMPT=off AWS_CLI_FILE_ENCODING=UTF-8 AWS_CLI_ERROR_FORMAT=legacy
# Version 1 of the CLI does not read AWS_REGION; to version 2 it comes first.
[[ -z "${AWS_REGION-}" ]] || export AWS_DEFAULT_REGION="$AWS_REGION"

umask 077
work=""
# A script that has more to do at its end redefines this.
at_end() { :; }
trap 'at_end; rm -rf "$work"' EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM
work="$(mktemp -d)"
# Where an older bash keeps a here-string for a moment.
TMPDIR="$work"
# The CLI's own history, where people switched it on, would keep each request with its passwords.
export AWS_CLI_HISTORY_FILE="$work/history.db"

# fail WHAT [NEXT]: what went wrong and where, then what to do about it.
fail() {
    printf '%s: %s\n' "$me" "$1" >&2
    [[ -z "${2-}" ]] || printf '  %s\n' "$2" >&2
    exit 1
}

# For a wrong command line.
misused() {
    printf '%s: %s\n  %s --help tells more\n' "$me" "$1" "scripts/$me" >&2
    exit 2
}

need() {
    local tool
    for tool in "$@"; do
        command -v "$tool" >/dev/null && continue
        case "$tool" in
            aws) fail "no command aws in PATH" \
                "install the AWS CLI: https://docs.aws.amazon.com/cli/latest/userguide/getting-started-install.html" ;;
            *) fail "no command $tool in PATH" "install $tool" ;;
        esac
    done
}

# json_text TEXT: TEXT as a JSON string, quotes included.
json_text() {
    local text=$1 out="" char i
    for ((i = 0; i < ${#text}; i++)); do
        char=${text:i:1}
        case "$char" in
            '"' | \\) out+="\\$char" ;;
            [[:cntrl:]]) out+="$(printf '\\u%04x' "'$char")" ;;
            *) out+=$char ;;
        esac
    done
    printf '"%s"' "$out"
}

# aws_call SERVICE ACTION QUERY JSON [ARGUMENT...]: the answer (of QUERY, as text) is in $reply. Where AWS refuses,
# returns 1, and the code (`UserNotFoundException`) is in $refusal, the text in $reason. ARGUMENT: what JSON cannot say,
# such as the file of a body.
aws_call() {
    local service=$1 action=$2 query=$3 json=$4 told
    shift 4
    local pattern='An error occurred \(([A-Za-z0-9.:]+)\)[^:]*: (.*)'
    refusal="" reason=""
    printf '%s' "$json" >"$work/request"
    if reply="$(aws "$service" "$action" --cli-input-json "file://$work/request" --query "$query" --output text \
        "$@" 2>"$work/told" </dev/null)"; then
        rm -f "$work/request"
        return 0
    fi
    rm -f "$work/request"
    told="$(cat "$work/told")"
    if [[ "$told" =~ $pattern ]]; then
        refusal=${BASH_REMATCH[1]} reason=${BASH_REMATCH[2]%%$'\n'*}
    else
        # The CLI did not get as far as AWS.
        reason="$(printf '%s' "$told" | grep -v -e '^[[:space:]]*$' -e '^JSON received:' | tail -n 1)"
        reason=${reason#aws: \[ERROR\]: }
    fi
    return 1
}

# refused DOING: ends the script after an aws_call that failed in a way that no one handled.
refused() {
    local next=""
    case "$refusal:$reason" in
        AccessDenied*:* | UnauthorizedOperation:* | NotAuthorizedException:*"not authorized to perform"*)
            next="these credentials may not do that; AWS_PROFILE names others" ;;
        ExpiredToken*:* | RequestExpired:*) next="sign in to AWS again (aws sso login, or new keys)" ;;
        UnrecognizedClientException:* | InvalidClientTokenId:* | InvalidAccessKeyId:* | SignatureDoesNotMatch:*)
            next="AWS does not know these credentials: look at AWS_PROFILE, or run aws configure" ;;
        TooManyRequestsException:* | Throttling*:* | LimitExceededException:*) next="wait a moment and try again" ;;
        *"Unable to locate credentials"*) next="run aws configure or aws sso login, or set AWS_PROFILE" ;;
        *"must specify a region"*) next="set AWS_REGION, or run aws configure" ;;
        *"could not be found"*) next="AWS_PROFILE=${AWS_PROFILE-} names no profile: aws configure list-profiles" ;;
        *"Could not connect to the endpoint URL"*) next="look at AWS_REGION, AWS_ENDPOINT_URL and the network" ;;
    esac
    fail "$1: ${refusal:+$refusal: }${reason:-the AWS CLI failed and gave no reason}" "$next"
}

# Sets $prefix and $stack from what the options left empty.
name_stack() {
    prefix="${prefix:-${SLUICE_PREFIX:-data_platform}}"
    [[ "$prefix" =~ ^[A-Za-z]([A-Za-z0-9_-]*[A-Za-z0-9])?$ ]] ||
        misused "the prefix \"$prefix\" is none: a letter, then letters, digits, _ and -"
    stack="${stack:-${SLUICE_STACK:-${prefix//_/-}-lake}}"
}

# Reads the stack's outputs once. Returns 1 where there is no such stack.
read_outputs() {
    [[ -z "${outputs_read-}" ]] || return "$((outputs_read - 1))"
    if aws_call cloudformation describe-stacks 'Stacks[0].Outputs[].[OutputKey,OutputValue]' \
        "{\"StackName\":$(json_text "$stack")}"; then
        outputs=$reply outputs_read=1
    elif [[ "$refusal" == ValidationError && "$reason" == *"does not exist"* ]]; then
        outputs_read=2
        return 1
    else
        refused "read the outputs of stack $stack"
    fi
}

# stack_output KEY: its value is in $value. Returns 1 where the stack has no such output.
# shellcheck disable=SC2034 # $value is for the scripts that source this
stack_output() {
    local key
    value=""
    while IFS=$'\t' read -r key value; do
        [[ "$key" != "$1" ]] || return 0
    done <<<"$outputs"
    value=""
    return 1
}

# need_output KEY: its value is in $value, or the script ends.
need_output() {
    read_outputs || fail "no stack $stack in this account and region" \
        "deploy it (scripts/deploy), or name it: --stack, --prefix, AWS_PROFILE, AWS_REGION"
    stack_output "$1" || fail "stack $stack has no output $1" "is it the root stack? --stack names another"
}

# ask PROMPT: a line from the terminal, in $line; with PROMPT on the terminal, so that standard output stays clean.
# ask_secret shows nothing of what is typed. Both return 1 where there is no terminal.
# shellcheck disable=SC2034 # $line is for whoever asked
ask() { { IFS= read -r -p "$1" line </dev/tty 2>/dev/tty; } 2>/dev/null; }
# shellcheck disable=SC2034 # $line is for whoever asked
ask_secret() {
    { IFS= read -r -s -p "$1" line </dev/tty 2>/dev/tty; } 2>/dev/null || return 1
    printf '\n' >/dev/tty
}
