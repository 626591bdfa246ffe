"""Answers held against the one contract."""

import json

from openapi_schema_validator import OAS30ReadValidator, oas30_format_checker

from api.deployed import ROOT

CONTRACT = json.loads((ROOT / "ingress/openapi.json").read_text())
PATHS = {"object": "/table/{table}/object", "document": "/table/{table}/object/{id}"}


def hold(method, path, answer):
    """The answer is one that the contract names for the operation, header and body."""
    told = CONTRACT["paths"][PATHS[path]][method]["responses"].get(str(answer.status))
    assert told, f"{method} {path} answers {answer.status}, which the contract does not name: {answer.body!r}"
    kind = answer.headers.get("content-type")
    assert kind == "application/json", f"Content-Type {kind}"
    schema = resolved(resolved(told)["content"]["application/json"]["schema"])
    OAS30ReadValidator(schema, format_checker=oas30_format_checker).validate(answer.json)


def resolved(value):
    if isinstance(value, list):
        return [resolved(inner) for inner in value]
    if not isinstance(value, dict):
        return value
    if "$ref" in value:
        found = CONTRACT
        for key in value["$ref"].removeprefix("#/").split("/"):
            found = found[key]
        return resolved(found)
    return {key: resolved(inner) for key, inner in value.items()}
