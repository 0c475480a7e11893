"""A mail server on this machine: it answers as the test says, and keeps what it was given."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage

from aiosmtpd.smtp import SMTP, Envelope, Session

OK = "250 OK"
HANGS = "hangs"
DROPS = "drops"
START_SECONDS = 10


@dataclass
class MailServer:
    """Keeps each message that came, whatever it answered. `answers` is by recipient: a line of SMTP, HANGS or DROPS."""

    answers: dict[str, str] = field(default_factory=dict)
    received: list[tuple[str, EmailMessage]] = field(default_factory=list)
    port: int = 0

    async def handle_RCPT(self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]):
        answer = self.answers.get(address, OK)
        if answer in (OK, HANGS, DROPS):
            envelope.rcpt_tos.append(address)
            return OK
        return answer

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope):
        recipient = envelope.rcpt_tos[0]
        message = message_from_bytes(envelope.content or b"", policy=policy.default)
        assert isinstance(message, EmailMessage)
        self.received.append((recipient, message))
        answer = self.answers.get(recipient, OK)
        if answer == HANGS:
            await asyncio.sleep(3600)
        if answer == DROPS:
            assert server.transport is not None
            server.transport.abort()
        return OK

    def ids(self, recipient: str) -> list[str]:
        """Return the Message-IDs of what came for the recipient, in order."""
        return [str(message["Message-ID"]) for to, message in list(self.received) if to == recipient]

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"

    @contextmanager
    def running(self) -> Iterator[MailServer]:
        """Serve while the block runs."""
        loop, is_up = asyncio.new_event_loop(), threading.Event()

        def run() -> None:
            asyncio.set_event_loop(loop)
            # Not the package's controller, which cannot choose a free port.
            listening = loop.create_server(lambda: SMTP(self, loop=loop), "127.0.0.1", 0)
            server = loop.run_until_complete(listening)
            self.port = server.sockets[0].getsockname()[1]
            is_up.set()
            loop.run_forever()
            server.close()
            tasks = asyncio.all_tasks(loop)
            for task in tasks:
                task.cancel()
            loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
            loop.close()

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        assert is_up.wait(START_SECONDS)
        try:
            yield self
        finally:
            loop.call_soon_threadsafe(loop.stop)
            thread.join(START_SECONDS)
