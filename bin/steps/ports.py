"""Says in a sentence when an address that Studium needs cannot be had."""

from __future__ import annotations

import errno
import socket

from environment import Place, Refusal


def refuse_taken_ports(place: Place) -> None:
    """Raise Refusal when the site's or the cable's port cannot be listened on, naming the port and its variable."""
    if place.port == place.cable_port:
        raise Refusal(f"STUDIUM_PORT and STUDIUM_CABLE_PORT are both {place.port}; the site and the cable need a port each.")
    for port, variable in ((place.port, "STUDIUM_PORT"), (place.cable_port, "STUDIUM_CABLE_PORT")):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as supervisord does: connections closing down do not count
            try:
                probe.bind((place.host, port))
                probe.listen()
            except OSError as error:
                raise Refusal(_explain(error, place.host, port, variable)) from None


def _explain(error: OSError, host: str, port: int, variable: str) -> str:
    if error.errno == errno.EADDRINUSE:
        other = port + 100 if port < 65000 else port - 100
        return (f"port {port} on {host} is taken by another program, or by one of Studium's own that lives on after its supervisord was "
                f"killed (`ss -ltnp` names it). Stop that one, or choose another port: {variable}={other}")
    if error.errno == errno.EACCES:
        return f"this user may not listen on port {port}. Choose one from 1024 up: {variable}=8{port % 1000:03}"
    return f"{host}:{port} cannot be listened on ({error.strerror or error}). Look at STUDIUM_HOST={host} and {variable}={port}."
