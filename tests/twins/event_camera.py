"""Twin of an event camera's pixel: one after the other, one event after the other."""

import math


def pixel_events(times, logs, on, off, *, refractory=0.0, leak_rate=0.0, diff=0.0, noise=()):
    """Events of one pixel.

    Args:
        times: of the frames [s].
        logs: log intensity at each.
        on: threshold.
        off: threshold, above 0.
        refractory: [s].
        leak_rate: [Hz].
        diff: log intensity minus the remembered one at the start.
        noise: (time, polarity) of each event without a cause, sorted.

    Returns:
        (time, polarity) of each event, and how near a decision came to being another one: in log intensity for
        crossings, in seconds for releases.
    """
    events, release, near, t = [], times[0], math.inf, times[0]
    noise = list(noise)
    for k in range(1, len(times)):
        slope = (logs[k] - logs[k - 1]) / (times[k] - times[k - 1]) + leak_rate * on
        stops = []
        while noise and noise[0][0] <= times[k]:
            stops.append(noise.pop(0))
        for stop, polarity in [*stops, (times[k], None)]:
            while True:
                start = max(t, release)
                if start > t:
                    diff, near = 0.0, min(near, abs(start - stop))
                if start >= stop:
                    break
                crossing = math.inf
                if slope != 0:
                    crossing = start + ((on - diff) / slope if slope > 0 else (off + diff) / -slope)
                    near = min(near, abs(crossing - stop) * abs(slope))
                if crossing > stop:
                    diff += slope * (stop - start)
                    break
                events.append((crossing, slope > 0))
                diff, t, release = 0.0, crossing, crossing + refractory
            t = stop
            if polarity is not None:
                near = min(near, abs(release - stop)) if release > times[0] and refractory else near
                if release <= stop:
                    events.append((stop, polarity))
                    diff, release = 0.0, stop + refractory
    return events, near
