"""The embedded data set: weekly CO2 in the air above Mauna Loa, 1958 to 2001.

The figures come with statsmodels, which has them from Keeling and Whorf of the Scripps
Institution of Oceanography. Some weeks are missing.
"""

from ..common.errors import PolyheadError


def read_co2() -> dict[str, list]:
    """The columns `ds`, dates of Saturdays, and `co2`, parts per million."""
    try:
        from statsmodels.datasets import co2
    except ModuleNotFoundError:
        raise PolyheadError(
            "the data set 'co2' comes with statsmodels: pip install statsmodels"
        ) from None
    frame = co2.load_pandas().data
    dates = [str(stamp.date()) for stamp in frame.index]
    return {"ds": dates, "co2": frame["co2"].tolist()}
