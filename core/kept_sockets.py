"""Loaded into supervisord: keeps the listening sockets of fcgi-programs open while their processes are killed and come back.

Without it supervisord closes a socket when the last process of its group dies; binding it again then fails while an orphaned gunicorn
worker still listens, and that failure ends supervisord itself (supervisor 4.3, FastCGISubprocess.spawn). With it a browser that connects
meanwhile waits a second in the backlog instead of being refused. A group that is stopped on purpose gives its socket up.
"""

from __future__ import annotations

from typing import Any

from supervisor import events
from supervisor.states import ProcessStates

_held: dict[str, Any] = {}


class NoCalls:
    """The RPC interface that supervisord wants from a plugin: it offers nothing to call."""


def make(_supervisord: Any, **_config: str) -> NoCalls:
    """The factory that supervisord.conf names in an [rpcinterface:...] section."""
    events.subscribe(events.ProcessStateStartingEvent, _hold)
    events.subscribe(events.ProcessStateStoppedEvent, _release)
    events.subscribe(events.SupervisorStoppingEvent, lambda _event: _held.clear())
    return NoCalls()


def _hold(event: Any) -> None:
    group = event.process.group
    manager = getattr(group, "socket_manager", None)
    if manager is not None and group.config.name not in _held:
        _held[group.config.name] = manager.get_socket()


def _release(event: Any) -> None:
    group = event.process.group
    if all(process.state == ProcessStates.STOPPED for process in group.processes.values()):
        _held.pop(group.config.name, None)
