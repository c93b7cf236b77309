"""Bytes that a board may get: hosts that do right, hosts that do wrong, and lines that damage both. Seeded."""

from neurobot.link import protocol as p
from neurobot.link.board import image_crc
from neurobot.link.frame import Frame, encode
from neurobot.link.message import pack, type_of

OFFSETS = (0, 508, 8, 2**32 - 1, 1100, 1508)
"""Of the state."""


def image(random):
    """An image, mostly one that can be run."""
    size = random.choice([2, 3, 40, 600, 1500])
    head = random.choice([(2, 3), (0, 0), (8, 0), (1, 200), (255, 0), (248, 0), (247, 3)])
    return bytes(head) + random.randbytes(size - 2)


def load(random):
    """All requests that load an image."""
    data, size = image(random), random.choice([16, 100, 508])
    yield p.LoadBeginRequest(len(data), image_crc(data))
    for at in range(0, len(data), size):
        yield p.LoadChunkRequest(at, data[at : at + size])
    yield p.LoadCommitRequest()


def wish(random, device):
    """One request, mostly one that is right for the board as it is."""
    tick = device.last_tick + random.choice([1, 1, 1, 1, 1, 1, 0, 0, 2, -1])
    trip = device.trip_count + random.choice([0, 0, 0, 0, 0, 1, -1])
    boot = device.boot_id + random.choice([0, 0, 0, 0, 0, 1])
    data = random.choice([b"", b"\xee", b"\x01", b"\0"]) + random.randbytes(random.choice([0, 1, 20, 300]))
    last = random.choice([device.last_tick, 0, 5, 2**32 - 2])
    return random.choice(
        [
            p.HelloRequest(random.randrange(3), 0, random.getrandbits(32)),
            p.PingRequest(random.getrandbits(64)),
            p.LoadBeginRequest(random.choice([0, 10, 4096, 4097, 2**32 - 1]), 0),
            p.LoadChunkRequest(random.choice([0, 5, 10, 2**32 - 1]), random.randbytes(random.choice([0, 5, 10, 508]))),
            p.LoadCommitRequest(),
            p.ResetRequest(),
            p.StatsRequest(),
            p.DigestRequest() if tick % 2 else p.StateRequest(OFFSETS[tick // 2 % len(OFFSETS)]),
            *[arm(random, boot, trip, last)] * 6,
            *[p.TickRequest(tick & 0xFFFFFFFF, *draws(random), data)] * 30,
        ]
    )


def arm(random, boot, trip, last):
    times = random.choice([0, 3, 20, 65535]), random.choice([0, 5, 50, 700, 65535])
    return p.ArmRequest(boot & 0xFFFFFFFF, trip & 0xFFFFFFFF, *times, last, random.randrange(4))


def draws(random):
    return random.randrange(256), random.randrange(4), random.randrange(-(2**15), 2**15), random.randrange(5)


def frame(random, request):
    """A request as a host sends it, and now and then one that no host sends."""
    kind, payload = type_of(type(request)), pack(request)
    if random.random() < 0.03:
        kind = random.choice([random.randrange(256), p.Type.EVENT, p.Type.NAK])
    if random.random() < 0.03:
        payload = payload[: random.randrange(len(payload) + 1)] + random.randbytes(random.randrange(4))
    return encode(Frame(kind, random.randrange(256), payload[: p.PAYLOAD]))


def damaged(random, line):
    """What a bad line makes of bytes."""
    how = random.randrange(6)
    at = random.randrange(len(line) + 1)
    if how == 0:
        return line[:at]
    if how == 1:
        return line + line
    if how == 2:
        return line[:at] + random.randbytes(random.randrange(30)) + line[at:]
    if how == 3:
        return line[:at] + random.randbytes(random.choice([1, 700])) + b"\0"
    bad = bytearray(line)
    for _ in range(random.choice([1, 1, 3])):
        bad[random.randrange(len(bad))] ^= 1 << random.randrange(8)
    return bytes(bad)


def operations(random, device, count):
    """What happens to a board, as (bytes or None for nothing but time, microseconds that passed).

    It looks at the device between the operations, to ask mostly for what is possible.
    """
    queue, armed = [], None
    for _ in range(count):
        passed = random.choice([0, 1, 100, 2000, 2000, 4000, random.choice([0, 20_000, 60_000])])
        if random.random() < 0.1:  # to the microsecond when the board holds, or goes to rest
            passed = random.choice([3000, 5000, 20_000, 50_000]) - random.choice([0, 0, 1])
        if not queue and device.state in (p.State.BOOT, p.State.LOADING) and random.random() < 0.5:
            queue = list(load(random))
        request = queue.pop(0) if queue and random.random() < 0.95 else wish(random, device)
        if isinstance(request, p.ArmRequest):
            armed = request
        elif armed and random.random() < 0.03:  # as one that was kept on the way
            request = armed
        line = frame(random, request)
        if random.random() < 0.08:
            line = damaged(random, line)
        if random.random() < 0.1:
            yield None, passed
        cut = random.randrange(len(line) + 1) if random.random() < 0.2 else 0
        for piece in (line[:cut], line[cut:]):
            yield piece, passed
            passed = 0
