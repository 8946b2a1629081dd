"""Letters through a mail server, in a thread: `smtplib` blocks."""

from __future__ import annotations

import asyncio
import smtplib
import ssl
from collections.abc import Mapping
from email.message import EmailMessage
from pathlib import Path
from typing import Any, Final

from broadcaster.notices.notice import Notice, NotToldError
from broadcaster.notices.secret_file import secret_in
from zones.notices_settings import Mail, Security

LIMIT: Final = 15.0
"""Seconds the server may take for each of its answers."""


class MailSender:
    """Brings notices to some addresses."""

    answers_later = False

    def __init__(self, way: Mail, folder: Path) -> None:
        """Files of `way` are relative to `folder`."""
        self._way = way
        self._folder = folder

    async def tell(self, notice: Notice) -> Mapping[str, Any] | None:
        """Hand the letter to the server; raises NotToldError unless it takes it for somebody."""
        letter = EmailMessage()
        letter["Subject"] = notice.subject
        letter["From"] = self._way.sender
        letter["To"] = ", ".join(self._way.to)
        # The same letter twice is the same letter to a mail program.
        letter["Message-ID"] = f"<{notice.id}@{self._way.sender.partition('@')[2]}>"
        letter.set_content(notice.text)
        await asyncio.to_thread(self._send, letter)
        return None

    def _send(self, letter: EmailMessage) -> None:
        way = self._way
        try:
            with self._connected() as server:
                if way.user is not None and way.password_file is not None:
                    password = secret_in(self._folder / way.password_file)
                    server.login(way.user, password)
                refused = server.send_message(letter)
        except smtplib.SMTPAuthenticationError:
            raise NotToldError(f"{way.server} does not take user and password") from None
        except smtplib.SMTPException as error:
            # Its text holds the server's words, never ours.
            raise NotToldError(f"{way.server} refused the letter: {str(error)[:200]}") from None
        except (OSError, ValueError) as error:
            raise NotToldError(f"{way.server}:{way.port} cannot be reached: {error}") from None
        if refused:
            raise NotToldError(f"{way.server} refused {', '.join(refused)}")

    def _connected(self) -> smtplib.SMTP:
        way = self._way
        if way.security is Security.TLS:
            return smtplib.SMTP_SSL(way.server, way.port, timeout=LIMIT, context=self._tls())
        server = smtplib.SMTP(way.server, way.port, timeout=LIMIT)
        if way.security is Security.STARTTLS:
            try:
                server.starttls(context=self._tls())
            except BaseException:
                server.close()
                raise
        return server

    def _tls(self) -> ssl.SSLContext:
        authority = self._way.authority
        return ssl.create_default_context(
            cafile=None if authority is None else str(self._folder / authority)
        )
