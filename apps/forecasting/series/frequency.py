"""The step between two values of a series: a time, business days or months."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ...common.errors import PolyheadError, UsageError

DAY = 86_400
MICRO = 10**6  # microseconds of a second
# Business days are Monday to Friday; microseconds are for steps of no whole seconds.
UNITS = ("second", "business", "month", "microsecond")
BUSINESS_SHARE = 0.9  # of the gaps that are weekends
MISSING_SHARE = 0.1  # of the stamps of a grid that may be missing
_FRACTIONS = {"us": 1, "ms": 1000}
_SECONDS = {"s": 1, "min": 60, "t": 60, "h": 3600, "d": DAY, "w": 7 * DAY}
_CLOCKS = {"second": "timedelta64[s]", "microsecond": "timedelta64[us]"}
_MONTHS = {"m": 1, "q": 3, "y": 12, "a": 12}
_FORMS = re.compile(r"(\d*)\s*(s|min|t|h|d|w|b|[mqya][se]?)(-\w+)?", re.IGNORECASE)
_SHORT = re.compile(r"(\d*)\s*(us|ms)")


@dataclass(frozen=True)
class Frequency:
    """A step of time: how many of its unit."""

    unit: str  # one of UNITS
    step: int

    def __str__(self) -> str:
        if self.unit == "business":
            return "B"
        if self.unit == "month":
            names = {1: "MS", 3: "QS", 12: "YS"}
            return names.get(self.step, f"{self.step}MS")
        if self.unit == "microsecond":
            step, rest = divmod(self.step, 1000)
            return f"{self.step}us" if rest else f"{step}ms"
        for name, seconds in (("W", 7 * DAY), ("D", DAY), ("h", 3600), ("min", 60)):
            if self.step % seconds == 0:
                count = self.step // seconds
                return name if count == 1 else f"{count}{name}"
        return f"{self.step}s"

    @property
    def season(self) -> int:
        """Steps of the shortest usual cycle: a day, a week or a year; 1 for none.

        >>> [Frequency("second", s).season for s in (900, 3600, 86400, 7 * 86400)]
        [96, 24, 7, 52]
        """
        if self.unit == "business":
            return 5
        if self.unit == "month":
            return max(1, 12 // self.step)
        if self.unit == "microsecond":
            return 1
        for cycle in (DAY, 7 * DAY):
            if self.step < cycle:
                return max(1, round(cycle / self.step))
        return max(1, int(365.25 * DAY / self.step))

    def places(self, stamps: np.ndarray, day: int | None = None) -> np.ndarray:
        """Number of each sorted stamp on the grid of the first; -1 for those beside it.

        `day` is of the month; by default that of `day_of_months`.
        """
        if self.unit in _CLOCKS:
            gaps = (stamps - stamps[0]).astype(_CLOCKS[self.unit]).astype(np.int64)
            return np.where(gaps % self.step, -1, gaps // self.step)
        off = _clock(stamps) != _clock(stamps[0])
        if self.unit == "business":
            numbers = _business_days(stamps) - _business_days(stamps[0])
            return np.where(off | (_weekday(stamps) > 4), -1, numbers)
        numbers = _months(stamps) - _months(stamps[0])
        # The 31st of one month is the 30th of the next.
        day = np.minimum(day or day_of_months(stamps), _last_day(stamps))
        off |= _day_of_month(stamps) != day
        return np.where(off | (numbers % self.step != 0), -1, numbers // self.step)

    def stamps(self, first: np.datetime64, count: int, day=None) -> np.ndarray:
        """`count` stamps of the grid, like `first`, from there on.

        `day` is of the month, as `day_of_months` gives it; by default that of the
        first, or the last of every month if the first is one.
        """
        steps = np.arange(count)
        if self.unit in _CLOCKS:
            return first + (steps * self.step).astype(_CLOCKS[self.unit])
        time = _clock(first).astype("timedelta64[s]")
        if self.unit == "business":
            number = _business_days(first) + steps
            days = 7 * (number // 5) + number % 5 - 3
            return days.astype("datetime64[D]").astype("datetime64[s]") + time
        months = _months(first) + steps * self.step
        if day is None:
            day = _day_of_month(first)
            day = 31 if day == _last_day(first) else day
        days = _first_day(months) + np.minimum(day, _length(months)) - 1
        return days.astype("datetime64[D]").astype("datetime64[s]") + time


# Days and months are counted in whole numbers: a number that is added to a stamp has no
# unit, which newer versions of NumPy refuse.


def _days(stamps):
    return stamps.astype("datetime64[D]").astype(np.int64)


def _months(stamps):
    return stamps.astype("datetime64[M]").astype(np.int64)


def _weekday(stamps):
    return (_days(stamps) + 3) % 7  # 0 for Monday


def _business_days(stamps):
    return 5 * ((_days(stamps) + 3) // 7) + _weekday(stamps)


def _clock(stamps):
    time = stamps - stamps.astype("datetime64[D]")
    return time.astype("timedelta64[s]").astype(np.int64)


def _day_of_month(stamps):
    return _days(stamps) - _first_day(_months(stamps)) + 1


def _last_day(stamps):
    return _length(_months(stamps))


def _first_day(months):
    return _days(months.astype("datetime64[M]"))


def _length(months):
    return _first_day(months + 1) - _first_day(months)


def day_of_months(stamps: np.ndarray) -> int:
    """The day of the month of monthly stamps; 31 for the last of every month.

    >>> [day_of_months(np.array([f"2023-02-{day}", f"2023-03-{day}"], "M8[s]"))
    ...  for day in ("01", "28")]
    [1, 28]
    """
    days = _day_of_month(stamps)
    inside = days[days != _last_day(stamps)]  # which February has not shortened
    if len(inside):
        return int(inside[0])
    return int(days[0]) if (days == days[0]).all() else 31


def split_stamps(stamps: np.ndarray) -> np.ndarray:
    """`(..., 2)` int32 of stamps: days since 1970-01-01, and second of the day."""
    return np.stack([_days(stamps), _clock(stamps)], axis=-1).astype(np.int32)


def parse_frequency(text: str) -> Frequency:
    """Reads "20ms", "h", "15min", "D", "W", "B", "MS", "QS" or "YS", as pandas does.

    >>> parse_frequency("15min")
    Frequency(unit='second', step=900)
    """
    short = _SHORT.fullmatch(text.strip())
    if short and (step := int(short[1] or 1) * _FRACTIONS[short[2]]):
        whole, rest = divmod(step, MICRO)
        return Frequency("microsecond", step) if rest else Frequency("second", whole)
    match = _FORMS.fullmatch(text.strip())
    if not match:
        known = "15min, h, D, W, B, MS, QS or YS"
        raise UsageError(f"frequency {text!r}: write it as {known}")
    count, unit = int(match[1] or 1), match[2].lower()
    if not count:
        raise UsageError(f"frequency {text!r}: a step of nothing")
    if unit == "b":
        if count > 1:
            raise UsageError(f"frequency {text!r}: only single business days")
        return Frequency("business", 1)
    if unit in _SECONDS:
        return Frequency("second", count * _SECONDS[unit])
    return Frequency("month", count * _MONTHS[unit[0]])


def find_frequency(groups: Sequence[np.ndarray], source: str) -> Frequency:
    """The step of sorted stamps, one array a series."""
    stamps = np.concatenate([group[1:] for group in groups])
    before = np.concatenate([group[:-1] for group in groups])
    if not len(stamps):
        raise PolyheadError(
            f"{source}: no series has two time stamps, so their distance is unknown: "
            "give more rows, or --frequency"
        )
    gaps = (stamps - before).astype(_CLOCKS["microsecond"]).astype(np.int64)
    months = _months(stamps) - _months(before)
    if (months > 0).all() and gaps.min() >= 28 * DAY * MICRO:
        monthly = Frequency("month", most_frequent(months))
        if all((monthly.places(group) >= 0).all() for group in groups):
            return monthly
    step = most_frequent(gaps)
    if step % MICRO:
        return Frequency("microsecond", step)
    step //= MICRO
    weekday = _weekday(before)
    if step == DAY and max(weekday.max(), _weekday(stamps).max()) <= 4:
        fridays = weekday == 4
        if fridays.any() and (gaps[fridays] > DAY * MICRO).mean() >= BUSINESS_SHARE:
            return Frequency("business", 1)
    return Frequency("second", step)


def lies_on_grid(stamps: np.ndarray, frequency: Frequency | None = None) -> bool:
    """Whether stamps, of one series or several, lack only few steps of a grid.

    It is that of `frequency`, or else of the most frequent step.
    """
    stamps = np.unique(stamps)
    if len(stamps) < 3:
        return False
    places = (frequency or find_frequency([stamps], "")).places(stamps)
    missing = places[-1] + 1 - len(stamps)
    return bool(places.min() == 0 and missing <= MISSING_SHARE * len(stamps))


def most_frequent(values: np.ndarray) -> int:
    """The most frequent of whole numbers; the smallest of several."""
    numbers, counts = np.unique(values, return_counts=True)
    return int(numbers[counts.argmax()])


def calendar_cycles(frequency: Frequency, days: float) -> list[str]:
    """Which of day, week and year have calendar features, in data of so many `days`.

    Those that are longer than a step and that the data cover twice; a week only with
    steps of a day or less.
    """
    length = {"second": frequency.step / DAY, "business": 1.0}
    length["microsecond"] = frequency.step / MICRO / DAY
    step = length.get(frequency.unit, 30.5 * frequency.step)
    cycles = {"day": 1, "year": 365} if step > 1 else {"day": 1, "week": 7, "year": 365}
    return [name for name, n in cycles.items() if step < n and 2 * n <= days]


def cycle_steps(frequency: Frequency) -> dict[str, int]:
    """Steps of each cycle that is a whole number of them, two at least.

    >>> cycle_steps(Frequency("second", 3600))
    {'day': 24, 'week': 168, 'year': 8760}
    >>> cycle_steps(Frequency("month", 1)), cycle_steps(Frequency("business", 1))
    ({'year': 12}, {'week': 5, 'year': 261})
    """
    if frequency.unit == "business":
        return {"week": 5, "year": 261}
    if frequency.unit == "month":
        steps = {"year": 12 / frequency.step}
    elif frequency.step == 7 * DAY:
        steps = {"year": 52.0}
    else:
        days = {"day": 1, "week": 7, "year": 365}
        steps = {name: n * DAY / frequency.step for name, n in days.items()}
    return {name: int(n) for name, n in steps.items() if n >= 2 and n == int(n)}


def list_seasons(frequency: Frequency, cycles: Sequence[str]) -> list[int]:
    """The usual season, and then the longer one that the values follow.

    >>> list_seasons(Frequency("second", 3600), ["day", "week", "year"])
    [24, 168]
    """
    steps = cycle_steps(frequency)
    longer = "week" if "day" in steps else "year"
    more = steps[longer] if longer in cycles else 0
    return [frequency.season, *([more] if more > frequency.season else [])]
