# shellcheck shell=bash
# What stays when a platform's stack goes: buckets, ledger, Glue databases, users, key. Whether it is there, whose it is,
# whether anything is in it, and how it goes for good. scripts/deploy and scripts/destroy source lib/deployment.sh first.
# shellcheck disable=SC2034,SC2154 # what those scripts set, and what is set here for them

# Logs of what was asked before are still written for a while: how often a bucket is emptied again.
tries_max=20
# How many pages of 60 user pools are looked through: an account has 1,000 pools, on request up to 10,000.
pool_pages_max=200

# --- Whether it is there ----------------------------------------------------------------------------------------------

# An item of the data is its kind and its name: "bucket 123456789012-lake", "Glue database lake", "table x-ledger",
# "user pool eu-central-1_AbCdEf123".

# Sets $found and $missing, items; and $pool, the platform's user pool, which a platform need not have.
look_for_data() {
    local each
    found=() missing=()
    for each in "${data_buckets[@]}"; do look_for "bucket $each" bucket_is_there "$each"; done
    for each in "${databases[@]}"; do look_for "Glue database $each" database_is_there "$each"; done
    look_for "table $ledger" table_is_there "$ledger"
}

look_for() {
    if "$2" "$3"; then found+=("$1"); else missing+=("$1"); fi
}

# kept_pool: the id of the user pool that an earlier deployment made, in $pool; empty where there is none.
kept_pool() {
    local token="" more page found_here
    pool=""
    for ((page = 0; page < pool_pages_max; page++)); do
        aws_call cognito-idp list-user-pools \
            "[NextToken||'-',join(' ',UserPools[?Name==\`$(json_text "$prefix-user_pool")\`].Id)]" \
            "{\"MaxResults\":60${token:+,\"NextToken\":$(json_text "$token")}}" || refused "list the user pools"
        IFS=$'\t' read -r more found_here <<<"$reply"
        [[ -z "$found_here" ]] || pool+="${pool:+ }$found_here"
        [[ "$more" != - ]] || break
        token=$more
    done
    [[ "$pool" != *" "* ]] || fail "more than one user pool is called $prefix-user_pool: $pool" \
        "say which: --parameter UserPoolId=ID"
}

# kept_key: what the ingress bucket is encrypted with, in $key: the ARN of a key, AES256, or empty where the bucket does
# not say. The documents cannot be read without it, so it is the one that counts.
kept_key() {
    local algorithm rule='ServerSideEncryptionConfiguration.Rules[0].ApplyServerSideEncryptionByDefault'
    key=""
    if aws_call s3api get-bucket-encryption "$rule.[SSEAlgorithm,KMSMasterKeyID]" \
        "{\"Bucket\":\"${data_buckets[0]}\"}"; then
        IFS=$'\t' read -r algorithm key <<<"$reply"
        [[ "$algorithm" != AES256 ]] || key=AES256
    elif [[ "$refusal" != ServerSideEncryptionConfigurationNotFoundError ]]; then
        refused "ask how bucket ${data_buckets[0]} is encrypted"
    fi
}

# --- Whose it is, and whether anything is in it -----------------------------------------------------------------------

# item_is_own ITEM: whether it has the tags that the templates give, with this prefix.
item_is_own() {
    local name=${1##* } both="[Tags[?Key=='application'].Value|[0],Tags[?Key=='prefix'].Value|[0]]"
    case "$1" in
        "bucket "*)
            aws_call s3api get-bucket-tagging "${both//Tags/TagSet}" "{\"Bucket\":\"$name\"}" ||
                [[ "$refusal" == NoSuchTagSet ]] || refused "look at the tags of $1" ;;
        "Glue database "*)
            aws_call glue get-database 'Database.Parameters.[application,prefix]' "{\"Name\":\"$name\"}" ||
                refused "look at $1" ;;
        "table "*)
            aws_call dynamodb describe-table Table.TableArn "{\"TableName\":$(json_text "$name")}" || refused "look at $1"
            aws_call dynamodb list-tags-of-resource "$both" "{\"ResourceArn\":$(json_text "$reply")}" ||
                refused "look at the tags of $1" ;;
        "user pool "*)
            aws_call cognito-idp describe-user-pool 'UserPool.UserPoolTags.[application,prefix]' "{\"UserPoolId\":\"$name\"}" ||
                refused "look at $1" ;;
    esac
    [[ "$reply" == "sluice"$'\t'"$prefix" ]]
}

# item_is_empty ITEM [SINCE]: whether nothing is in it, no older version either. SINCE: when a creation that failed began;
# access logs that are younger tell of nothing but that.
item_is_empty() {
    local name=${1##* }
    case "$1" in
        "bucket "*-access-logs)
            # Each page's first; the time as far as all versions of the CLI write it alike.
            aws_call s3api list-object-versions "Versions[?LastModified<'${2:-9999}'].Key|[0]" "{\"Bucket\":\"$name\"}" ||
                refused "look into $1"
            ! grep -qvx None <<<"$reply" ;;
        "bucket "*)
            aws_call s3api list-object-versions '[Versions[0].Key,DeleteMarkers[0].Key]' \
                "{\"Bucket\":\"$name\",\"MaxKeys\":1}" --no-paginate || refused "look into $1"
            [[ "$reply" == None$'\t'None ]] ;;
        "Glue database "*)
            aws_call glue get-tables 'TableList[0].Name' "{\"DatabaseName\":\"$name\",\"MaxResults\":1}" --no-paginate ||
                refused "look into $1"
            [[ "$reply" == None ]] ;;
        "table "*)
            aws_call dynamodb scan Count "{\"TableName\":$(json_text "$name"),\"Limit\":1}" --no-paginate ||
                refused "look into $1"
            [[ "$reply" == 0 ]] ;;
        "user pool "*)
            aws_call cognito-idp list-users 'Users[0].Username' "{\"UserPoolId\":\"$name\",\"Limit\":1}" --no-paginate ||
                refused "look into $1"
            [[ "$reply" == None ]] ;;
    esac
}

# sort_items SINCE ITEM...: into $empty, $holding and $foreign.
sort_items() {
    local since=$1 each
    shift
    empty=() holding=() foreign=()
    for each in "$@"; do
        if ! item_is_own "$each"; then
            foreign+=("$each")
        elif item_is_empty "$each" "$since"; then
            empty+=("$each")
        else
            holding+=("$each")
        fi
    done
}

# --- How it goes ------------------------------------------------------------------------------------------------------

# delete_empty_item ITEM: where it is a bucket, AWS looks once more whether it is empty.
delete_empty_item() {
    local name=${1##* }
    case "$1" in
        "bucket "*-access-logs) delete_bucket "$name" ;;
        "bucket "*)
            aws_call s3api delete-bucket '@' "{\"Bucket\":\"$name\"}" || refused "delete $1"
            note "$1 is deleted" ;;
        "Glue database "*) delete_database "$name" ;;
        "table "*) delete_table "$name" ;;
        "user pool "*) delete_pool "$name" ;;
    esac
}

delete_bucket() {
    bucket_is_there "$1" || return 0
    local try
    for ((try = 0; try < tries_max; try++)); do
        empty_bucket "$1"
        if aws_call s3api delete-bucket '@' "{\"Bucket\":\"$1\"}"; then
            note "bucket $1 is deleted"
            return 0
        fi
        [[ "$refusal" == BucketNotEmpty ]] || refused "delete bucket $1"
    done
    fail "bucket $1 is written to while it is emptied" "run scripts/$me again in a while: logs come late"
}

# All versions and delete markers, a thousand a request.
empty_bucket() {
    local kind count=0
    for kind in Versions DeleteMarkers; do
        while :; do
            # As JSON, as it is handed on: a key can hold anything.
            aws s3api list-object-versions --bucket "$1" --max-keys 1000 --no-paginate --output json --query "{Quiet: \`true\`, $(
            )Objects: ${kind}[].{Key: Key, VersionId: VersionId}}" >"$work/objects" 2>"$work/told" ||
                fail "list what is in bucket $1: $(tail -n 1 "$work/told")"
            grep -q '"Key"' "$work/objects" || break
            aws s3api delete-objects --bucket "$1" --delete "file://$work/objects" --query 'Errors[0]' --output text \
                >"$work/errors" 2>"$work/told" || fail "delete what is in bucket $1: $(tail -n 1 "$work/told")"
            grep -qx None "$work/errors" || fail "delete what is in bucket $1: $(cat "$work/errors")"
            count=$((count + $(grep -c '"Key"' "$work/objects")))
            note "bucket $1: $count objects deleted"
        done
    done
}

delete_table() {
    table_is_there "$1" || return 0
    local table
    table="\"TableName\":$(json_text "$1")"
    aws_call dynamodb update-table '@' "{$table,\"DeletionProtectionEnabled\":false}" ||
        [[ "$reason" == *"already"* ]] || refused "unlock table $1"
    until aws_call dynamodb delete-table '@' "{$table}"; do
        [[ "$refusal" == ResourceInUseException ]] || refused "delete table $1"
        sleep "$interval_s"
    done
    while table_is_there "$1"; do sleep "$interval_s"; done
    note "table $1 is deleted"
}

delete_database() {
    database_is_there "$1" || return 0
    # Its tables go with it.
    aws_call glue delete-database '@' "{\"Name\":\"$1\"}" || refused "delete the Glue database $1"
    note "Glue database $1 is deleted"
}

delete_pool() {
    local id="\"UserPoolId\":\"$1\""
    aws_call cognito-idp update-user-pool '@' "{$id,\"DeletionProtection\":\"INACTIVE\"}" || refused "unlock user pool $1"
    aws_call cognito-idp delete-user-pool '@' "{$id}" || refused "delete user pool $1"
    note "user pool $1 is deleted"
}

# $key: its id or ARN; AES256 or empty where there is none.
delete_key() {
    case "$key" in "" | AES256) return 0 ;; esac
    local state id
    id="\"KeyId\":$(json_text "$key")"
    if ! aws_call kms list-resource-tags "Tags[?TagKey=='application'].TagValue|[0]" "{$id}"; then
        [[ "$refusal" == NotFoundException ]] || refused "look at the tags of key $key"
        return 0
    fi
    if [[ "$reply" != sluice ]]; then
        note "key $key is kept: it does not have the platform's tag"
        return 0
    fi
    aws_call kms describe-key 'KeyMetadata.KeyState' "{$id}" || refused "look at key $key"
    state=$reply
    if [[ "$state" != PendingDeletion ]]; then
        aws_call kms schedule-key-deletion '@' "{$id,\"PendingWindowInDays\":30}" || refused "schedule key $key for deletion"
    fi
    note "key $key is deleted in 30 days; until then: aws kms cancel-key-deletion --key-id $key"
}
