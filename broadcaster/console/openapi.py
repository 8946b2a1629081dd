"""The OpenAPI 3.1 document of the API, made from the table of routes and the models."""

from __future__ import annotations

from collections.abc import Iterable
from importlib.metadata import version
from typing import Any, Final

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from broadcaster.console.routes import Route
from broadcaster.rights import RIGHTS

_REF: Final = "#/components/schemas/{model}"
KEY_PATTERN: Final = "^[A-Za-z0-9_.:-]{8,100}$"

_PROBLEM: Final[dict[str, Any]] = {
    "type": "object",
    "description": "Why a request was refused (RFC 9457).",
    "required": ["title", "status", "code", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string", "description": "A word that never changes."},
        "detail": {"type": "string", "description": "What is wrong and what to do."},
        "where": {"type": "string", "description": "The field that is wrong."},
    },
}
_KEY: Final[dict[str, Any]] = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": True,
    "schema": {"type": "string", "pattern": KEY_PATTERN},
    "description": "A new random text for each act. The same act sent again with the same key, "
    "after a lost answer or after signing in anew, is done once and answered alike.",
}


def openapi(routes: Iterable[Route]) -> dict[str, Any]:
    """The document. Its schemas are JSON Schema 2020-12."""
    listed = tuple(routes)
    modes: dict[tuple[type[BaseModel], str], None] = {}
    for route in listed:
        modes[route.gives, "serialization"] = None
        for model in (route.takes, route.query):
            if model is not None:
                modes[model, "validation"] = None
    refs, definitions = models_json_schema(
        list(modes),  # type: ignore[arg-type] # the literal modes
        ref_template=_REF,
    )
    schemas: dict[str, Any] = dict(definitions.get("$defs", {}))
    schemas["Problem"] = _PROBLEM
    paths: dict[str, Any] = {}
    for route in listed:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, refs, schemas)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Sorigil",
            "version": version("sorigil"),
            "description": "The API of one station. Everything the console does, it does by this.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "security": [{"session": []}, {"token": []}],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "session": {
                    "type": "apiKey",
                    "in": "cookie",
                    "name": "sorigil",
                    "description": "Set by signing in; `__Host-sorigil` over TLS.",
                },
                "token": {"type": "http", "scheme": "bearer"},
            },
        },
    }


def _operation(route: Route, refs: Any, schemas: dict[str, Any]) -> dict[str, Any]:  # noqa: ANN401
    operation: dict[str, Any] = {
        "operationId": f"{route.method.lower()}{route.path.replace('/api/v1', '')}".replace(
            "/", "-"
        )
        .replace("{", "")
        .replace("}", ""),
        "summary": route.summary,
        "tags": [route.tag],
        "responses": {
            str(route.status): {
                "description": "Done.",
                "content": {route.media_type: {"schema": refs[route.gives, "serialization"]}}
                if route.media_type == "application/json"
                else {route.media_type: {"schema": {"type": "string"}}},
            },
            "default": {
                "description": "Refused, with the reason.",
                "content": {
                    "application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}
                },
            },
        },
    }
    if route.right is not None:
        operation["description"] = f"For {', '.join(_in_order(route.right))}."
        operation["x-right"] = route.right
    elif not route.is_own:
        operation["security"] = []
    parameters = [
        {
            "name": name,
            "in": "path",
            "required": True,
            "description": meaning,
            "schema": {"type": "string", "minLength": 1, "maxLength": 100},
        }
        for name, meaning in route.parameters.items()
    ]
    if route.needs_key:
        parameters.append(_KEY)
    if route.query is not None:
        parameters += _query_parameters(refs[route.query, "validation"], schemas)
    if parameters:
        operation["parameters"] = parameters
    if route.file_type:
        operation["requestBody"] = {
            "required": True,
            "content": {route.file_type: {"schema": {"type": "string", "format": "binary"}}},
        }
    elif route.takes is not None:
        operation["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": refs[route.takes, "validation"]}},
        }
    return operation


def _query_parameters(ref: dict[str, Any], schemas: dict[str, Any]) -> list[dict[str, Any]]:
    schema = schemas[ref["$ref"].rpartition("/")[2]]
    return [
        {"name": name, "in": "query", "required": False, "schema": member}
        for name, member in schema["properties"].items()
    ]


def _in_order(right: str) -> list[str]:
    return sorted(RIGHTS[right])
