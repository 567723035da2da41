"""Huey without gevent, which it loads for workers that are greenlets: 2 MB in each process, and our workers are threads."""

from __future__ import annotations

from studium.core.lean_imports import without

with without("gevent"):
    from huey.api import Huey, Task
    from huey.consumer import BaseProcess, Consumer, ConsumerStopped
    from huey.registry import Message
    from huey.serializer import Serializer
    from huey.storage import SqliteStorage

__all__ = ["BaseProcess", "Consumer", "ConsumerStopped", "Huey", "Message", "Serializer", "SqliteStorage", "Task"]
