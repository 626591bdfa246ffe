"""LocalStack's open core, with what AWS does and it does not. Run with LocalStack's own settings in the environment.

Where the two differ, AWS's documentation decides. Each function here is one difference; the mapping templates, the
choice of answers and S3 are LocalStack's own.
"""

import base64
import json
import os
import secrets
from urllib.parse import urlsplit

import requests
from localstack.aws.handlers import codec
from localstack.services.apigateway.next_gen.execute_api.handlers.gateway_exception import GatewayExceptionHandler
from localstack.services.apigateway.next_gen.execute_api.handlers.integration_request import IntegrationRequestHandler
from localstack.services.apigateway.next_gen.execute_api.handlers.parse import InvocationRequestParser
from localstack.services.apigateway.next_gen.execute_api.gateway_response import get_gateway_response_or_default
from localstack.services.apigateway.next_gen.execute_api.integrations import aws
from werkzeug.datastructures import Headers


def services_elsewhere():
    """DynamoDB is a download there; another is used, and another S3 where one is named."""
    send = requests.request

    def request(method, url, **arguments):
        headers = dict(arguments.pop("headers", None) or {})
        service = headers.get("Authorization", "").partition("/aws4_request")[0].rpartition("/")[2]
        if endpoint := os.environ.get(f"{service.upper()}_ENDPOINT"):
            headers.pop("Host", None)
            url = endpoint + urlsplit(url).path
            if service == "dynamodb":
                arguments["params"] = {}
        return send(method, url, headers=headers, **arguments)

    aws.requests = type("Requests", (), {"request": staticmethod(request)})


def context_variables():
    """The time of a request has an offset. A client chooses the request id by a header; the extended id, 15 characters
    of base64, none does.

    `x-test-authorizer` is what an authorizer found out; authorizers are not enforced there.
    """
    create = InvocationRequestParser.create_context_variables

    def create_context_variables(context):
        variables = create(context)
        headers = context.invocation_request["headers"]
        variables["extendedRequestId"] = base64.urlsafe_b64encode(secrets.token_bytes(11)).decode()
        variables["requestTime"] = variables["requestTime"].strip() + " +0000"
        if chosen := headers.get("x-amzn-RequestId"):
            variables["requestId"] = chosen
        if authorizer := headers.get("x-test-authorizer"):
            variables["authorizer"] = json.loads(base64.b64decode(authorizer))
        return variables

    InvocationRequestParser.create_context_variables = staticmethod(create_context_variables)


def gzip_passed_through():
    """With `x-test-passes-gzip` a compressed body is not decompressed: AWS's documentation can be read either way."""
    decode = codec.ContentDecoder.__call__

    def decode_or_pass(self, chain, context, response):
        if "x-test-passes-gzip" not in context.request.headers:
            decode(self, chain, context, response)

    codec.ContentDecoder.__call__ = decode_or_pass


def templates_by_media_type():
    """A template is found by the media type; there, by the whole of Content-Type."""
    find = IntegrationRequestHandler.get_request_template

    def get_request_template(integration, request):
        headers = Headers(request["headers"])
        if content_type := headers.get("Content-Type"):
            headers.set("Content-Type", content_type.partition(";")[0].strip().lower())
        return find(integration, {**request, "headers": headers})

    IntegrationRequestHandler.get_request_template = staticmethod(get_request_template)


def gateway_response_templates():
    """A gateway response has the body and headers it was given; there, its status alone."""
    build = GatewayExceptionHandler.create_exception_response

    def create_exception_response(self, exception, context):
        response = build(self, exception, context)
        given = get_gateway_response_or_default(exception.type, context.deployment.rest_api.gateway_responses)
        template = (given.get("responseTemplates") or {}).get("application/json", "")
        quoted = json.dumps(exception.message)
        response.set_data(template.replace("$context.error.messageString", quoted))
        for name, value in (given.get("responseParameters") or {}).items():
            response.headers[name.removeprefix("gatewayresponse.header.")] = value.strip("'")
        return response

    GatewayExceptionHandler.create_exception_response = create_exception_response


def answers_of_services():
    """`x-test-answer: <status> <code>` is answered instead of calling the service: what no emulator answers."""
    invoke = aws.RestApiAwsIntegration.invoke

    def invoke_or_answer(self, context):
        told = context.invocation_request["headers"].get("x-test-answer")
        if not told:
            return invoke(self, context)
        status, code = told.split(" ")
        if "dynamodb" in context.integration_request["uri"]:
            kind, body = "application/x-amz-json-1.0", json.dumps({"__type": f"com.amazonaws.dynamodb#{code}"})
        else:
            kind, body = "application/xml", f"<Error><Code>{code}</Code><Message>told so</Message></Error>"
        return {"status_code": int(status), "body": body.encode(), "headers": Headers({"Content-Type": kind})}

    aws.RestApiAwsIntegration.invoke = invoke_or_answer


if __name__ == "__main__":
    services_elsewhere()
    context_variables()
    gzip_passed_through()
    templates_by_media_type()
    gateway_response_templates()
    answers_of_services()

    from localstack.runtime.main import main

    main()
