# shellcheck shell=bash
# How long the buckets keep things, for buckets that no stack has any more: those that scripts/deploy has taken up. What
# storage.yaml says for the buckets that it makes; scripts/test-stacks holds the two together. Sourced after lib/data.sh.
# shellcheck disable=SC2034,SC2154 # what scripts/deploy and the other files of lib/ set, and what is set here for it

retention_parameters=(DocumentRetentionDays ResultRetentionDays AccessLogRetentionDays NoncurrentDays)

# kept_days PARAMETER: the days that the buckets have for it now, in $days; empty where they say nothing.
kept_days() {
    local bucket rule id
    case "$1" in
        DocumentRetentionDays) bucket=${data_buckets[0]} id=documents rule=Expiration.Days ;;
        ResultRetentionDays) bucket=${data_buckets[2]} id=results rule=Expiration.Days ;;
        AccessLogRetentionDays) bucket=${data_buckets[3]} id=logs rule=Expiration.Days ;;
        NoncurrentDays) bucket=${data_buckets[1]} id=leftovers rule=NoncurrentVersionExpiration.NoncurrentDays ;;
    esac
    days=""
    if aws_call s3api get-bucket-lifecycle-configuration "Rules[?ID=='$id' && Status=='Enabled'].$rule|[0]" \
        "{\"Bucket\":\"$bucket\"}"; then
        [[ "$reply" == None ]] || days=$reply
    elif [[ "$refusal" != NoSuchLifecycleConfiguration ]]; then
        refused "ask how long bucket $bucket keeps things"
    fi
}

# lifecycle_of BUCKET: its rules as JSON, of $documents_days, $results_days, $logs_days and $noncurrent_days.
lifecycle_of() {
    local all='"Status":"Enabled","Filter":{"Prefix":""}' leftovers
    leftovers="{\"ID\":\"leftovers\",$all,\"AbortIncompleteMultipartUpload\":{\"DaysAfterInitiation\":7},$(
    )\"NoncurrentVersionExpiration\":{\"NoncurrentDays\":$noncurrent_days}"
    case "$1" in
        *-lake-ingress)
            printf '[%s,"Expiration":{"ExpiredObjectDeleteMarker":true}}' "$leftovers"
            ((documents_days == 0)) || printf ',{"ID":"documents",%s,"Expiration":{"Days":%d}}' "$all" "$documents_days"
            printf ']' ;;
        *-lake-results)
            printf '[{"ID":"results",%s,"Expiration":{"Days":%d},"AbortIncompleteMultipartUpload":{"DaysAfterInitiation":1},' \
                "$all" "$results_days"
            printf '"NoncurrentVersionExpiration":{"NoncurrentDays":1}}]' ;;
        *-lake-access-logs)
            printf '[%s},{"ID":"logs",%s,"Expiration":{"Days":%d}}]' "$leftovers" "$all" "$logs_days" ;;
        *-lake)
            printf '[%s,"Expiration":{"ExpiredObjectDeleteMarker":true}},{"ID":"inventories","Status":"Enabled","Filter":{"Prefix":"_inventory/"},"Expiration":{"Days":14}}]' \
                "$leftovers" ;;
    esac
}

# Gives the buckets the days of the stack's parameters, where they were taken up: each time, so that a run that was
# interrupted before is made good.
set_retention() {
    stack_parameter ReuseData
    [[ "$reply" == True ]] || return 0
    local documents_days results_days logs_days noncurrent_days each
    stack_parameter DocumentRetentionDays; documents_days=$reply
    stack_parameter ResultRetentionDays; results_days=$reply
    stack_parameter AccessLogRetentionDays; logs_days=$reply
    stack_parameter NoncurrentDays; noncurrent_days=$reply
    for each in "${data_buckets[@]}"; do
        aws_call s3api put-bucket-lifecycle-configuration '@' "{\"Bucket\":\"$each\",\"ExpectedBucketOwner\":\"$account\",$(
        )\"LifecycleConfiguration\":{\"Rules\":$(lifecycle_of "$each")}}" || refused "say how long bucket $each keeps things"
    done
    local documents="for ever"
    ((documents_days == 0)) || documents="$documents_days days"
    note "the buckets that were taken up keep documents $documents, results $results_days days, access logs $logs_days $(
    )days, older versions $noncurrent_days days"
}
