"""Series: tables over time on a regular grid, and windows of them.

The names of hours, weekdays and months are here, since this module imports nothing.
"""

DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday"
MONTHS = "January February March April May June July August September October "
MONTHS += "November December"
NAMES = {
    "hour": [f"{hour:02}:00" for hour in range(24)],
    "weekday": DAYS.split(),
    "month": MONTHS.split(),
}

Silent = list[list]  # [target, "weekday", 6]: by the name of the target


def name_silent(silent: Silent) -> dict[str, list[str]]:
    """Target -> the names of its silent phases, such as "Sunday" or "03:00"."""
    names: dict[str, list[str]] = {}
    for target, unit, number in silent:
        names.setdefault(target, []).append(NAMES[unit][number])
    return names
