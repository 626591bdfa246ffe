# shellcheck shell=bash
# What scripts/deploy tells of documents that were accepted and no rows yet when an earlier deployment was taken down.
# Sourced after lib/deployment.sh.
# shellcheck disable=SC2154 # what scripts/deploy and the other files of lib/ set

# The longest that SQS keeps a message.
queue_days_max=14

# What waited in the queues when the platform was taken down is told by no event any more.
tell_about_the_sweep() {
    local function=""
    [[ "$prefix" == data_platform ]] || function=" --function $prefix-redrive"
    days_away
    printf '\n%s\n%s\n%s\n\n  %s\n' "Documents that were accepted, and were no rows yet when it was taken down, are in the bucket." \
        "The hourly sweep finds those of the last 7 days; for older ones, once S3 has written its" "daily inventory:" \
        "scripts/redrive --sweep --days $days$function"
}

# How old a document can be that no event tells of, in $days: since the first stack of this name was deleted, as far as
# CloudFormation remembers, and the time that a queue keeps it. Longer than claims live, nothing is swept.
days_away() {
    local deleted
    aws_call cloudformation list-stacks "StackSummaries[?StackName==\`$(json_text "$stack")\`].[DeletionTime]" \
        '{"StackStatusFilter":["DELETE_COMPLETE"]}' || refused "ask when stack $stack was deleted"
    deleted="$(printf '%s\n' "$reply" | grep '^[0-9]' | sort | head -n 1 || true)"
    stack_parameter ClaimDays
    days=$reply
    [[ -n "$deleted" ]] || return 0
    local since=$(($(day_number "$(date -u +%Y-%m-%d)") - $(day_number "${deleted:0:10}") + queue_days_max + 1))
    ((since > days)) || days=$since
}

# day_number YYYY-MM-DD: of the Julian calendar; no two systems have the same `date` for this.
day_number() {
    local year=$((10#${1:0:4})) month=$((10#${1:5:2})) day=$((10#${1:8:2})) early
    early=$(((14 - month) / 12)) year=$((year + 4800 - early)) month=$((month + 12 * early - 3))
    printf '%d' "$((day + (153 * month + 2) / 5 + 365 * year + year / 4 - year / 100 + year / 400 - 32045))"
}
