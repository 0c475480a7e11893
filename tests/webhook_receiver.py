"""An endpoint on this machine that receives webhooks: one event loop in a thread, fast enough for a bench."""

from __future__ import annotations

import asyncio
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

START_SECONDS = 10


@dataclass
class Received:
    """One request that came, and its turn among those of its webhook-id at that path."""

    path: str
    headers: dict[str, str]
    body: bytes
    turn: int

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]


type Answer = tuple[int, dict[str, str], bytes]
OK: Answer = (200, {}, b"ok")


@dataclass
class Receiver:
    """Answers each request as `answer` says; None hangs until the end."""

    answer: Callable[[Received], Answer | None] = lambda received: OK
    port: int = 0
    received: list[Received] = field(default_factory=list)
    turns: dict[tuple[str, str], int] = field(default_factory=lambda: defaultdict(int))
    open_now: int = 0
    most_open: int = 0

    def url(self, path: str = "/") -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            while head := await reader.readuntil(b"\r\n\r\n"):
                first, *lines = head.decode("latin-1").rstrip().split("\r\n")
                headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
                body = await reader.readexactly(int(headers.get("content-length", 0)))
                path = first.split(" ")[1]
                self.turns[path, headers.get("webhook-id", "")] += 1
                received = Received(path, headers, body, self.turns[path, headers.get("webhook-id", "")])
                self.received.append(received)
                self.open_now += 1
                self.most_open = max(self.most_open, self.open_now)
                answer = self.answer(received)
                if answer is None:
                    # Until the caller gives up.
                    await reader.read()
                self.open_now -= 1
                if answer is None:
                    break
                status, extra, content = answer
                named = {"content-length": str(len(content)), **extra}
                writer.write(
                    f"HTTP/1.1 {status} x\r\n{''.join(f'{n}: {v}\r\n' for n, v in named.items())}\r\n".encode()
                    + content
                )
                await writer.drain()
        writer.close()

    @contextmanager
    def running(self) -> Iterator[Receiver]:
        """Serve while the block runs."""
        loop, is_up = asyncio.new_event_loop(), threading.Event()

        async def start() -> asyncio.Server:
            server = await asyncio.start_server(self._serve, "127.0.0.1", self.port, backlog=1024)
            self.port = server.sockets[0].getsockname()[1]
            return server

        def run() -> None:
            asyncio.set_event_loop(loop)
            server = loop.run_until_complete(start())
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
