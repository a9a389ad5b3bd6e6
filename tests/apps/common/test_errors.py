"""What the user can mend, and the status with which the command ends."""

from polyhead import runtime
from polyhead.apps.common.errors import PolyheadError, UsageError


def test_wrong_use_and_failed_work_have_a_status_each():
    assert PolyheadError("x").exit_status == 1
    assert UsageError("x").exit_status == 2


def test_one_except_catches_all_of_them():
    assert PolyheadError is runtime.PolyheadError
    assert issubclass(UsageError, PolyheadError)
