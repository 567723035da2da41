"""The shape of the JSON API: models in, an envelope {"data", "meta"} out; wrong input is named field by field."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from flask import Response, json, request
from pydantic import BaseModel, ConfigDict, ValidationError

from studium.core.errors import BadRequest, Unprocessable

M = TypeVar("M", bound=BaseModel)


class Schema(BaseModel):
    """A shape of the API; unknown fields are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def data(payload: BaseModel | Sequence[BaseModel], meta: Mapping[str, Any] | None = None, status: int = 200) -> Response:
    """The envelope around one schema or a list of them."""
    if isinstance(payload, BaseModel):
        body: Any = payload.model_dump(mode="json")
    else:
        body = [item.model_dump(mode="json") for item in payload]
    response = Response(json.dumps({"data": body, "meta": dict(meta or {})}), status, mimetype="application/json")
    response.headers["Cache-Control"] = "no-store"
    return response


def read_json(model: type[M]) -> M:
    """The request's body as the model, whatever its content type says (sendBeacon cannot set one).

    Raises BadRequest for what is not JSON, Unprocessable naming each wrong or unknown field.
    """
    raw = request.get_data(cache=True)
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise BadRequest(f"The body is not UTF-8 text (byte {error.start}).") from None
    return parse_json(model, text)


def json_text(value: Any) -> str:
    """Plain values as JSON text, to be parsed as if a client had sent it."""
    return json.dumps(value)


def parse_json(model: type[M], text: str) -> M:
    """The text as the model; raises as `read_json`."""
    try:
        return model.model_validate_json(text)
    except ValidationError as error:
        found = error.errors(include_url=False, include_context=False, include_input=False)
        if any(item["type"] == "json_invalid" for item in found):
            raise BadRequest(f"The body is not JSON: {found[0]['msg']}.") from None
        problems = [{"field": ".".join(str(part) for part in item["loc"]), "message": item["msg"]} for item in found[:20]]
        first = problems[0]
        raise Unprocessable(f"{first['field'] or 'body'}: {first['message']}.", errors=problems) from None
