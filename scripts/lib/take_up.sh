# shellcheck shell=bash
# Before scripts/deploy makes the stack: what data is there already, and what becomes of it. What an earlier deployment kept is
# taken up; what a creation that failed has left goes, where nothing is in it. Sourced after lib/data.sh.
# shellcheck disable=SC2034,SC2154 # what scripts/deploy and the other files of lib/ set, and what is set here for it

# Whether $stack is one that could not be made: $failed_since is when that began, and $failed_key the key that it made.
# Both are empty where it is not, or where it had taken data up, which are not its own.
look_for_failed_creation() {
    failed_since="" failed_key=""
    stack_is "$stack"
    case "$status" in ROLLBACK_COMPLETE | ROLLBACK_FAILED | CREATE_FAILED) ;; *) return 0 ;; esac
    stack_parameter ReuseData
    [[ "$reply" != True ]] || return 0
    aws_call cloudformation describe-stacks 'Stacks[0].CreationTime' "{\"StackName\":$(json_text "$stack")}" ||
        refused "ask when stack $stack was begun"
    failed_since=${reply:0:19}
    # CloudFormation knows deleted stacks by their ids.
    if made_by "$stack" Encryption && made_by "$made" Key; then failed_key=$made; fi
}

# made_by STACK RESOURCE: its id there, in $made. Returns 1 where the stack has not made it, or it is gone.
made_by() {
    local state
    aws_call cloudformation describe-stack-resource 'StackResourceDetail.[ResourceStatus,PhysicalResourceId]' \
        "{\"StackName\":$(json_text "$1"),\"LogicalResourceId\":\"$2\"}" || return 1
    IFS=$'\t' read -r state made <<<"$reply"
    [[ -n "$made" && "$made" != None && ("$2" != Key || "$state" != DELETE_COMPLETE) ]]
}

# Whether an earlier deployment left its data, which a new stack cannot make: $kept are the parameters that say so.
take_up_data() {
    local found missing days each
    kept=()
    look_for_data
    if ((${#found[@]})) && { ((${#missing[@]})) || [[ -n "$failed_since" ]]; }; then
        if clear_what_is_empty; then found=(); elif ((${#missing[@]} || ${#foreign[@]})); then refuse_a_part; fi
    fi
    # A pool and another who is asked exclude each other.
    if ! was_chosen UserPoolId && ! was_chosen ApiAuthorizerArn; then take_up_pool; fi
    if ((!${#found[@]})); then
        if [[ -n "$failed_key" && -z "$dry_run" ]]; then key=$failed_key; delete_key; fi
        return 0
    fi
    note "the data of an earlier deployment is here and is taken up: $(listed "${found[@]}")"
    kept+=("ReuseData=True")
    taken_up=yes
    if ! was_chosen KmsKeyArn && ! was_chosen EnableEncryption; then
        kept_key
        case "$key" in
            "") fail "bucket ${data_buckets[0]} does not say how it is encrypted" \
                "say it: --parameter KmsKeyArn=ARN, or --parameter EnableEncryption=False" ;;
            AES256) kept+=("EnableEncryption=False") ;;
            *) key_can_be_used; kept+=("KmsKeyArn=$key"); note "with its key, $key" ;;
        esac
    fi
    for each in "${retention_parameters[@]}"; do
        was_chosen "$each" && continue
        kept_days "$each"
        [[ -z "$days" ]] || { kept+=("$each=$days"); note "with $each=$days"; }
    done
}

# What a creation that failed has left, or a stack that was deleted by hand: where all that is $found is the platform's and
# nothing is in it, it goes, to be made anew. Returns 1 where it may not go, with the reasons in $holding and $foreign.
clear_what_is_empty() {
    local each
    sort_items "$failed_since" "${found[@]}"
    ((!${#holding[@]} && !${#foreign[@]})) || return 1
    for each in "${empty[@]}"; do
        if [[ -n "$dry_run" ]]; then
            note "$each is there, with nothing in it, from an earlier try: it would be deleted first"
        else
            delete_empty_item "$each"
        fi
    done
}

refuse_a_part() {
    local told="some of the platform's data is here, some is not."
    ((!${#holding[@]})) || told+=" Here, and something is in it: $(listed "${holding[@]}")."
    ((!${#foreign[@]})) || told+=" Here, but without the platform's tags: $(listed "${foreign[@]}")."
    ((!${#empty[@]})) || told+=" Here, and empty: $(listed "${empty[@]}")."
    ((!${#missing[@]})) || told+=" Not here: $(listed "${missing[@]}")."
    fail "${told%.}" \
        "scripts/destroy --delete-data removes the rest of an earlier deployment; what is another's has to be renamed"
}

# Users are taken up with the data, and without; an empty pool that nothing belongs to is made anew.
take_up_pool() {
    kept_pool
    [[ -n "$pool" ]] || return 0
    if ((!${#found[@]})) && item_is_own "user pool $pool" && item_is_empty "user pool $pool"; then
        if [[ -n "$dry_run" ]]; then
            note "user pool $pool is there, without users, from an earlier try: it would be deleted first"
        else
            delete_pool "$pool"
        fi
    else
        kept+=("UserPoolId=$pool")
        note "the users of an earlier deployment are taken up, in the pool $pool"
    fi
}

key_can_be_used() {
    aws_call kms describe-key 'KeyMetadata.[KeyState,Arn]' "{\"KeyId\":$(json_text "$key")}" || refused "look at key $key"
    local state
    IFS=$'\t' read -r state key <<<"$reply"
    [[ "$state" == Enabled ]] || fail "the data is encrypted with key $key, which is $state" \
        "aws kms cancel-key-deletion --key-id $key, then aws kms enable-key --key-id $key"
}
