"""How many threads a step is fastest with: on cores that others use too, threads wait for each other."""

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

import torch

TIMED = 3


@dataclass(frozen=True)
class Threads:
    used: int
    secondsPerStep: dict[int, float]
    """By number of threads, of those that were tried."""

    def described(self) -> str:
        """One line for people, such as `1 of 2 threads: 0.030 s a step, with 2 0.412 s`."""
        most = max(self.secondsPerStep)
        others = [
            f", with {count} {seconds:.3f} s"
            for count, seconds in self.secondsPerStep.items()
            if count != self.used
        ]
        taken = self.secondsPerStep[self.used]
        return f"{self.used} of {most} threads: {taken:.3f} s a step{''.join(others)}"


def choose(step: Callable[[], None]) -> Threads:
    """Plays a step by turns with one thread and with all that PyTorch would take, and stays with the faster of the two."""
    most = torch.get_num_threads()
    times: dict[int, list[float]] = {count: [] for count in sorted({1, most})}
    for turn in range(TIMED + 1):
        for count, seconds in times.items():
            torch.set_num_threads(count)
            started = time.monotonic()
            step()
            if turn > 0:  # the first also makes threads and fills caches
                seconds.append(time.monotonic() - started)
    middle = {count: statistics.median(seconds) for count, seconds in times.items()}
    fastest = min(middle, key=lambda count: middle[count])
    torch.set_num_threads(fastest)
    return Threads(fastest, middle)
