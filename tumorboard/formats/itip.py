"""Incoming mail about invitations → what counts in it: REPLY, COUNTER, REFRESH and what only looks like one."""

from __future__ import annotations

from tumorboard.formats.itip_mail import read_mail
from tumorboard.formats.itip_process import read_mail_apart

__all__ = ["read_mail", "read_mail_apart"]
