"""The data of a plan, and what is known of the run that goes on with them."""

from typing import Any

from ..data.known_rows import Known, KnownRows
from ..errors import PolyheadError
from .plan import CONTINUE, RESUME, Plan
from .record import checkpoints


def read_data(plan: Plan, asked: Any, overwrite: bool) -> tuple[Plan, Any, Any]:
    """The data of a plan, and what is known of the run that goes on.

    A training cannot go on without the rows that it began with. With `overwrite` the
    plan is then to begin anew.
    """
    steps, known = plan.task.steps(), find_known(plan)
    try:
        if plan.action == RESUME and known is None and checkpoints(plan.where):
            raise PolyheadError("it does not say which rows it began with")
        data = steps.load_data(plan.config, known)
        if known is None or known.rows is None or data.is_whole:
            return plan, known, data
        reason = "; ".join(data.differences)
    except PolyheadError as error:
        if plan.action not in (CONTINUE, RESUME):
            raise
        reason = str(error)
    if not overwrite:
        raise PolyheadError(
            f"{plan.path}: its training cannot go on: {reason}: restore the data, or "
            "add --overwrite to begin anew"
        )
    return plan.anew(asked, reason), None, steps.load_data(asked, None)


def find_known(plan: Plan) -> Known | None:
    """What is known of the run that a plan resumes or continues."""
    folder = plan.older if plan.action == CONTINUE else plan.where
    if plan.action not in (CONTINUE, RESUME) or folder is None:
        return None
    rows = KnownRows.load(folder)
    if rows is None and plan.action == RESUME:  # it was killed as it began
        return None
    return Known(rows, plan.task.answering().load_assets(plan.config, folder))
