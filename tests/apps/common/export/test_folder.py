"""Where a run's exported files are, and which of them is run."""

import pytest

from polyhead.apps.common.errors import PolyheadError
from polyhead.apps.common.export.folder import (
    find_exported,
    find_tflite,
    has_tflite,
    list_tflites,
)


def touch(folder, *names):
    (folder / "export").mkdir(exist_ok=True)
    for name in names:
        (folder / "export" / name).touch()


def test_a_file_that_is_never_chosen_is_no_reason_to_leave_keras(tmp_path):
    touch(tmp_path, "model_full_int8.tflite")
    assert not has_tflite(tmp_path)
    touch(tmp_path, "model_float16.tflite")
    assert has_tflite(tmp_path)
    assert find_tflite(tmp_path).name == "model_float16.tflite"


def test_the_smallest_file_comes_first(tmp_path):
    touch(
        tmp_path, "model_float32.tflite", "model_full_int8.tflite", "mediapipe.tflite"
    )
    touch(tmp_path, "model_int8.tflite")
    names = [path.name for path in list_tflites(tmp_path)]
    assert names == [
        "model_int8.tflite",
        "model_float32.tflite",
        "model_full_int8.tflite",
    ]


def test_without_an_export_the_remedy_is_told(tmp_path):
    assert not has_tflite(tmp_path)
    remedy = f"model_int8.tflite: missing: polyhead export {tmp_path}"
    with pytest.raises(PolyheadError, match=remedy):
        find_tflite(tmp_path)
    with pytest.raises(PolyheadError, match="savedmodel: missing: polyhead export"):
        find_exported(tmp_path, "savedmodel")
