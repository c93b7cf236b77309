"""One task after the other over an exchange: what carries them, without a clock or a port.

What is asked is written as generators, one a task: each asks and yields until an answer comes. `start` begins one,
`receive` and `poll` carry it on, `outgoing` is what is to be sent, and `done` says whether there is a `result`.
`neurobot.link.host` drives it with a port and a clock; tests do it in virtual time.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Generator
from typing import Any, NoReturn

from neurobot.errors import LinkError, NeurobotError
from neurobot.link import protocol as p
from neurobot.link.exchange import Answer, Exchange
from neurobot.link.message import Message

Job = Generator[None, Any, Any]
"""A task that asks, and is sent an `Answer` at each yield."""


class Conversation(ABC):
    """Carries tasks, of which `neurobot.link.session.Session` says what they are, and what it means when one fails.

    Args:
        exchange: requests and answers.

    Attributes:
        exchange: as given.
        done: whether the last task has ended.
        result: what it returned.
    """

    def __init__(self, exchange: Exchange):
        self.exchange = exchange
        self.done = True
        self.result: Any = None
        self._job: Job | None = None
        self._now = 0.0

    @abstractmethod
    def _told(self, event: p.Event) -> None:
        """What the board tells by itself; raises where that ends the task."""

    @abstractmethod
    def _refused(self, nak: p.Nak) -> NeurobotError:
        """A refusal as an error."""

    @abstractmethod
    def _failed(self, error: NeurobotError) -> None:
        """Something went wrong after it was said."""

    @property
    def deadline(self) -> float:
        """When `poll` has something to do [s]."""
        return self.exchange.deadline

    def outgoing(self) -> bytes:
        """Take what is to be sent."""
        return self.exchange.outgoing()

    def start(self, job: Job, now: float) -> None:
        """Begin a task.

        Args:
            job: what a method such as `connect` returned.
            now: a monotonic time [s].

        Raises:
            LinkError, BoardError: see `receive`; also if another task is not done.
        """
        self.claim()
        self.go_on(job, now)

    def claim(self) -> None:
        """Let no other task begin until `go_on` with one has led to its end, or `give_up`.

        Raises:
            LinkError: another task is not done.
        """
        if not self.done:
            raise LinkError("the session is busy with another task: one after the other")
        self.done, self.result = False, None

    def go_on(self, job: Job, now: float) -> None:
        """Begin a task after `claim`; see `start`."""
        self._now, self._job = now, job
        self._advance(None)

    def receive(self, data: bytes, now: float) -> None:
        """Take bytes from the line, and carry the task on.

        Args:
            data: any bytes.
            now: a monotonic time [s].

        Raises:
            LinkError: there is no board of this version any more.
            BoardError: the board refused, started anew, or is SAFE.
        """
        self._now = now
        try:
            self.exchange.receive(data, now)
            while self.exchange.events:
                self._told(self.exchange.events.popleft())
        except NeurobotError as error:
            self._fail(error)
        while self.exchange.answers and not self.done:
            self._advance(self.exchange.answers.popleft())

    def poll(self, now: float) -> None:
        """Repeat what has waited long enough.

        Args:
            now: a monotonic time [s].

        Raises:
            LinkError: there was no answer for too long.
        """
        self._now = now
        try:
            self.exchange.poll(now)
        except LinkError as error:
            self._fail(error)

    def give_up(self) -> None:
        """Nobody waits for the task any more: it is over, and an answer that still comes is late.

        What the board did of it is not known: after `arm` or `tick`, reset it.
        """
        self._end()

    def _ask(self, request: Message) -> Job:
        """One request and its answer."""
        self.exchange.ask(request, self._now)
        answer = yield
        return self._agreed(answer.message, type(answer.message))

    def _agreed(self, message: Message, kind: type[Message]) -> Any:
        """The answer, unless it is a refusal."""
        if isinstance(message, p.Nak):
            raise self._refused(message)
        assert isinstance(message, kind)
        return message

    def _advance(self, answer: Answer | None) -> None:
        """Carry the task on until it waits for the next answer, or has ended."""
        job, asked = self._job, self.exchange.counts.asked
        assert job is not None
        try:
            job.send(answer)  # None begins it
        except StopIteration as end:
            self._end()
            self.result = end.value
        except NeurobotError as error:
            if answer is None and self.exchange.counts.asked == asked:  # refused before anything was said
                self._end()
                raise
            self._fail(error)

    def _end(self) -> None:
        self.exchange.forget()
        self._job, self.done, self.result = None, True, None

    def _fail(self, error: NeurobotError) -> NoReturn:
        self._end()
        self._failed(error)
        raise error
