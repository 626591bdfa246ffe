# shellcheck shell=bash
# What scripts/deploy and scripts/destroy share: whose account it is, what things are called there, and stacks that
# change while one watches. They source lib/stack.sh first.
# shellcheck disable=SC2034,SC2154 # what that script sets, and what is set here for the others

# How often to ask how far a stack is, seconds.
interval_s=2

note() { printf '%4d s  %s\n' "$SECONDS" "$1" >&2; }

# need_cli: the AWS CLI, of December 2023 or later: older ones, which distributions still ship, do not know all that
# a deployment asks for, and say so only in the midst of it.
need_cli() {
    need aws
    local version
    version="$(aws --version 2>&1)"
    [[ "$version" =~ ^aws-cli/([0-9]+)\.([0-9]+)\. ]] || return 0
    local major=${BASH_REMATCH[1]} minor=${BASH_REMATCH[2]}
    ((major > 2 || (major == 2 && minor >= 15) || (major == 1 && minor >= 32))) ||
        fail "this AWS CLI is $major.$minor, which is too old: 2.15 is needed, or 1.32" \
            "install a newer one: https://docs.aws.amazon.com/cli/latest/userguide/getting-started-install.html"
}

# listed ITEM...: on one line, with commas.
listed() { local text; text="$(printf ', %s' "$@")"; printf '%s' "${text#, }"; }

# Sets $account, $partition and $region.
know_account() {
    aws_call sts get-caller-identity '[Account,Arn]' '{}' || refused "ask AWS who you are"
    IFS=$'\t' read -r account partition <<<"$reply"
    partition=${partition#arn:} partition=${partition%%:*}
    region="${AWS_REGION:-${AWS_DEFAULT_REGION:-$(aws configure get region 2>/dev/null || true)}}"
    [[ -n "$region" ]] || fail "no region" "set AWS_REGION, or run aws configure"
    export AWS_REGION="$region" AWS_DEFAULT_REGION="$region"
}

# Sets the names that are fixed in an account (cloudformation/storage.yaml, catalog.yaml), and those of a prefix
# (ledger.yaml, queues.yaml).
name_things() {
    code_bucket="$account-lake-code"
    # Documents first: the others have their logs and inventories in those after them.
    data_buckets=("$account-lake-ingress" "$account-lake" "$account-lake-results" "$account-lake-access-logs")
    databases=(lake lake_files)
    ledger="$prefix-ledger"
    queues=("$prefix-announcements" "$prefix-announcements-dead" "$prefix-batches.fifo" "$prefix-batches-dead.fifo")
    macro_stack="${prefix//_/-}-macros"
}

# stack_is NAME: its status is in $status and its id in $stack_id; both empty where there is none.
stack_is() {
    status="" stack_id=""
    if aws_call cloudformation describe-stacks 'Stacks[0].[StackStatus,StackId]' "{\"StackName\":$(json_text "$1")}"; then
        IFS=$'\t' read -r status stack_id <<<"$reply"
        return
    fi
    [[ "$refusal" == ValidationError && "$reason" == *"does not exist"* ]] || refused "look for stack $1"
}

# stack_parameter KEY: its value in the stack $stack, in $reply.
stack_parameter() {
    aws_call cloudformation describe-stacks "Stacks[0].Parameters[?ParameterKey=='$1'].ParameterValue|[0]" \
        "{\"StackName\":$(json_text "$stack")}" || refused "read the parameters of stack $stack"
}

# is_there DOING REFUSAL... -- SERVICE ACTION JSON: whether what is asked for is there. REFUSAL: the codes that say no.
is_there() {
    local doing=$1 codes=()
    shift
    while [[ "$1" != -- ]]; do codes+=("$1"); shift; done
    aws_call "$2" "$3" '@' "$4" && return 0
    local code
    for code in "${codes[@]}"; do [[ "$refusal" != "$code" ]] || return 1; done
    refused "$doing"
}

bucket_is_there() {
    # A 403 is a bucket of another account: the name is lost, and that has to be said.
    is_there "look for bucket $1" 404 NoSuchBucket -- \
        s3api head-bucket "{\"Bucket\":\"$1\",\"ExpectedBucketOwner\":\"$account\"}"
}

database_is_there() {
    is_there "look for the database $1 in Glue" EntityNotFoundException -- glue get-database "{\"Name\":\"$1\"}"
}

table_is_there() {
    is_there "look for table $1 in DynamoDB" ResourceNotFoundException -- \
        dynamodb describe-table "{\"TableName\":$(json_text "$1")}"
}

# watch STACK-ID: tells the stack's events, and those of the stacks within, from the operation that is under way on,
# until it is over. Then $status is the stack's. Before the operation: watch_from STACK-ID.
watch_from() {
    : >"$work/seen"
    newest_event=""
    [[ -z "$1" ]] || { events_of "$1" && newest_event="$(cut -f 1 <<<"$reply" | head -n 1)"; } || true
    since=""
}

watch() {
    local root=$1
    : >"$work/nested"
    while :; do
        aws_call cloudformation describe-stacks 'Stacks[0].StackStatus' "{\"StackName\":$(json_text "$root")}" ||
            refused "ask how far stack $root is"
        status=$reply
        # After the status, so that the last events are told as well.
        tell_events "$root" ""
        [[ "$status" == *_IN_PROGRESS ]] || return 0
        sleep "$interval_s"
    done
}

# Newest first, one page: the hundred last.
events_of() {
    aws_call cloudformation describe-stack-events "StackEvents[].[EventId,Timestamp,ResourceStatus,$(
    )ResourceType,LogicalResourceId,PhysicalResourceId||'-',ResourceStatusReason||'-']" \
        "{\"StackName\":$(json_text "$1")}" --no-paginate
}

# tell_events STACK-ID PATH: those that were not told. PATH: of the stacks around it.
tell_events() {
    local within=$2 lines=() line event time state kind name id why at
    # Not there yet, or the API is busy: next time.
    events_of "$1" || return 0
    while IFS= read -r line; do
        event=${line%%$'\t'*}
        [[ "$event" != "$newest_event" ]] || break
        lines+=("$line")
    done <<<"$reply"
    for ((at = ${#lines[@]} - 1; at >= 0; at--)); do
        IFS=$'\t' read -r event time state kind name id why <<<"${lines[at]}"
        # A reason of several lines leaves rests.
        [[ "$state" =~ ^[A-Z_]+$ && "$state" == *_* ]] || continue
        # What is older in a nested stack belongs to an earlier operation.
        [[ -n "$since" ]] || since=$time
        [[ "$time" < "$since" ]] && continue
        if ! grep -qxF "$event" "$work/seen"; then
            printf '%s\n' "$event" >>"$work/seen"
            [[ "$why" != - && "$why" != "Resource creation Initiated" ]] || why=""
            note "$state $within$name${why:+: $why}"
        fi
        if [[ "$kind" == AWS::CloudFormation::Stack && "$id" == arn:* && "$id" != "$1" ]] &&
            ! grep -qF "$id" "$work/nested"; then
            printf '%s\t%s\n' "$id" "$within$name/" >>"$work/nested"
        fi
    done
    [[ -z "$within" ]] || return 0
    while IFS=$'\t' read -r id line; do
        tell_events "$id" "$line"
    done < <(cat "$work/nested")
}

# tell_failures ROOT-ID: what failed by itself, nested stacks included, on standard error.
tell_failures() {
    local id within time state name why
    while IFS=$'\t' read -r id within; do
        events_of "$id" || continue
        while IFS=$'\t' read -r _ time state _ name _ why; do
            [[ "$state" == *_FAILED && ! "$time" < "$since" ]] || continue
            # These follow from another's failure.
            case "$why" in *[Cc]ancelled* | "The following resource"* | "Embedded stack"*) continue ;; esac
            printf '  %s%s: %s\n' "$within" "$name" "$why" >&2
        done <<<"$reply"
    done < <(printf '%s\t\n' "$1"; cat "$work/nested")
}
