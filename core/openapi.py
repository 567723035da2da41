"""The OpenAPI 3.1 document of everything under /api/v1, made of the routes, their `@operation` and the pydantic schemas."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from importlib.metadata import version
from typing import Any

from flask import Flask
from pydantic import BaseModel, Field
from pydantic.json_schema import JsonSchemaMode, models_json_schema
from werkzeug.routing import Rule

from studium.core.api import Schema
from studium.core.errors import StudiumError
from studium.core.operations import OPERATION, Operation

API = "/api/v1"
SAFE = ("GET", "HEAD", "OPTIONS")
VARIABLE = re.compile(r"<(?:(\w+)(?:\([^)]*\))?:)?(\w+)>")
TITLES = {
    400: "The request cannot be read, or its CSRF token is missing", 401: "Nobody is signed in", 403: "It is not allowed",
    404: "There is nothing here for this person", 409: "The state does not allow it", 413: "The body is too large",
    422: "Some of the data is wrong; `errors` names each field", 429: "Too often; see Retry-After", 503: "Not available right now",
}


class FieldProblem(Schema):
    """One wrong field."""

    field: str
    message: str


class ProblemShape(BaseModel):
    """An error (RFC 9457); some kinds have further members."""

    type: str
    title: str
    status: int
    code: str
    detail: str
    errors: list[FieldProblem] = Field(default_factory=list)


def make_document(app: Flask, session_cookie: str) -> dict[str, Any]:
    """The document; `session_cookie` is the name of the cookie that tells who calls.

    Raises StudiumError naming a route under /api/v1 that nobody has described.
    """
    found = [(rule, method, _operation(app, rule)) for rule in app.url_map.iter_rules() if rule.rule.startswith(f"{API}/")
             for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})]
    schemas = _Schemas(operation for _rule, _method, operation in found)
    paths: dict[str, Any] = {}
    for rule, method, operation in sorted(found, key=lambda item: (item[0].rule, item[1])):
        paths.setdefault(VARIABLE.sub(r"{\2}", rule.rule), {})[method.lower()] = _path_item(app, rule, method, operation, schemas)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Studium", "version": version("studium"), "description": (
            "Answers are {data, meta}; errors are problem+json (RFC 9457). Sign in with the session cookie, then unsafe calls carry the "
            "header X-CSRF-Token of GET /api/v1/session; or with an API token, then they need none.")},
        "paths": paths,
        "components": {"schemas": schemas.components, "securitySchemes": {
            "session": {"type": "apiKey", "in": "cookie", "name": session_cookie},
            "token": {"type": "http", "scheme": "bearer"},
        }},
    }


class _Schemas:
    """All models as JSON Schema, in one place that they refer to each other by."""

    def __init__(self, operations: Iterator[Operation]) -> None:
        asked: dict[tuple[type[BaseModel], JsonSchemaMode], None] = {(ProblemShape, "serialization"): None}
        for operation in operations:
            asked[operation.answer, "serialization"] = None
            if operation.body:
                asked[operation.body, "validation"] = None
        self._known, definitions = models_json_schema(list(asked), ref_template="#/components/schemas/{model}")
        self.components = definitions["$defs"]

    def of(self, model: type[BaseModel], mode: JsonSchemaMode) -> dict[str, Any]:
        """The reference to a model."""
        return dict(self._known[model, mode])


def _operation(app: Flask, rule: Rule) -> Operation:
    found: Operation | None = getattr(app.view_functions[rule.endpoint], OPERATION, None)
    if found is None:
        raise StudiumError(f"{rule.rule} ({rule.endpoint}) is not described; put @operation(...) of core/operations.py on its view.")
    return found


def _path_item(app: Flask, rule: Rule, method: str, operation: Operation, schemas: _Schemas) -> dict[str, Any]:
    told = inspect.getdoc(app.view_functions[rule.endpoint]) or ""
    problem = {"application/problem+json": {"schema": schemas.of(ProblemShape, "serialization")}}
    answers = {str(status): {"description": TITLES[status], "content": problem} for status in _errors(rule, method, operation)}
    item = {
        "operationId": f"{rule.endpoint}.{method.lower()}",
        "summary": told.split("\n\n")[0].replace("\n", " "),
        "description": told,
        "parameters": [*_variables(rule), *_parameters("query", operation.query), *_parameters("header", operation.headers)],
        "responses": {str(operation.status): {"description": "Done", "content": {
            "application/json": {"schema": _envelope(operation, schemas)}}}, **answers},
        "security": [{"session": []}, {"token": []}] if operation.signed_in else [{}, {"session": []}, {"token": []}],
    }
    if operation.body:
        item["requestBody"] = {"required": True, "content": {"application/json": {"schema": schemas.of(operation.body, "validation")}}}
    return item


def _errors(rule: Rule, method: str, operation: Operation) -> list[int]:
    found = {401, 403, 503, *operation.errors}  # whoever comes with a token that is unknown or for something else
    if rule.arguments:
        found.add(404)
    if method not in SAFE:
        found |= {400, 429}
    if operation.body:
        found |= {400, 413, 422}
    if operation.query:
        found.add(422)
    return sorted(found)


def _envelope(operation: Operation, schemas: _Schemas) -> dict[str, Any]:
    one = schemas.of(operation.answer, "serialization")
    return {"type": "object", "required": ["data", "meta"], "additionalProperties": False, "properties": {
        "data": {"type": "array", "items": one} if operation.many else one, "meta": {"type": "object"}}}


def _variables(rule: Rule) -> list[dict[str, Any]]:
    return [{"name": name, "in": "path", "required": True, "schema": {"type": "integer" if kind == "int" else "string"}}
            for kind, name in VARIABLE.findall(rule.rule)]


def _parameters(place: str, named: Any) -> list[dict[str, Any]]:
    return [{"name": name, "in": place, "required": False, "schema": dict(schema)} for name, schema in named.items()]
