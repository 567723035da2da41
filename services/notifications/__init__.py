"""Telling people things: the events there are, the channels that carry them, and `give_notice()`, which any plugin may call."""

from studium.services.notifications.giving import NewNotice, give_notice, resume_channel, stop_channel

__all__ = ["NewNotice", "give_notice", "resume_channel", "stop_channel"]
