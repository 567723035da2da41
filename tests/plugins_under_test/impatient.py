"""A plugin that makes a cable process notice silence, trim and beat its heart within fractions of a second, so that tests need not wait."""

from studium.services.cable import process, tail

process.STALL_SECONDS = 0.5
process.HEARTBEAT_SECONDS = 0.1
tail.TRIM_SECONDS = 0.1
