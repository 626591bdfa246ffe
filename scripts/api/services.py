"""What is answered when S3 or DynamoDB cannot do what was asked."""

from api.accepted import JSON
from api.contract import hold
from api.refused import ID

OF_S3 = [
    ("503 SlowDown", 503, "busy"),
    ("409 ConditionalRequestConflict", 503, "busy"),
    ("500 InternalError", 503, "unavailable"),
    ("504 Timeout", 503, "unavailable"),
    ("403 AccessDenied", 500, "internal"),
    ("400 KMS.DisabledException", 500, "internal"),
    ("404 NoSuchBucket", 500, "internal"),
    ("301 PermanentRedirect", 500, "internal"),
]
OF_DYNAMODB = [
    ("400 ProvisionedThroughputExceededException", 429, "throttled"),
    ("400 ThrottlingException", 429, "throttled"),
    ("400 RequestLimitExceeded", 429, "throttled"),
    ("400 ResourceNotFoundException", 500, "internal"),
    ("400 AccessDeniedException", 500, "internal"),
    ("500 InternalServerError", 503, "unavailable"),
]


def answers(api):
    for told, status, code in OF_S3:
        for method, path, kind in [("post", "/table/a/object", "object"), ("put", f"/table/a/object/{ID}", "document")]:
            yield f"{method} {told}", lambda m=method, p=path, k=kind, t=told, s=status, c=code: check(
                api, m, p, k, t, s, c)
    for told, status, code in OF_DYNAMODB:
        yield f"get {told}", lambda t=told, s=status, c=code: check(
            api, "get", f"/table/a/object/{ID}", "document", t, s, c)


def check(api, method, path, kind, told, status, code):
    body = None if method == "get" else b"{}"
    answer = api.ask(method.upper(), path, body, [JSON, ("x-test-answer", told)])
    hold(method, kind, answer)
    assert (answer.status, answer.json["error"]["code"]) == (status, code), answer.body
    assert (answer.headers.get("retry-after") == "1") == (status == 503), answer.headers
