"""What a view of /api/v1 takes and answers, said beside the view; core/openapi.py makes the OpenAPI document of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from pydantic import BaseModel

V = TypeVar("V", bound=Callable[..., Any])
OPERATION = "studium_operation"


@dataclass(frozen=True)
class Operation:
    """`answer` is the model within `data`, of which there is a list when `many`; `query` and `headers` are name -> JSON Schema.

    `errors` are statuses besides those that follow from the rest: 401 when somebody must be `signed_in`, 404 for an address with
    variables, 400, 413 and 422 for a `body`. The view's docstring is the description.
    """

    answer: type[BaseModel]
    many: bool = False
    body: type[BaseModel] | None = None
    status: int = 200
    signed_in: bool = True
    query: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    headers: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    errors: tuple[int, ...] = ()


def operation(answer: type[BaseModel], **told: Any) -> Callable[[V], V]:
    """Describe a view: `@operation(JobShape, many=True)`, below the route; the names are those of `Operation`."""
    described = Operation(answer, **told)

    def mark(view: V) -> V:
        setattr(view, OPERATION, described)
        return view

    return mark
