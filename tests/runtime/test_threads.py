"""One loaded file that several threads ask at the same time."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from polyhead import runtime
from polyhead.apps.common.export.litert import TFLitePredictor
from polyhead.runtime.text_bytes import texts_to_bytes

SHIPPED = Path(__file__).resolve().parents[2] / "saved_models"
THREADS, CALLS = 4, 800
TEXTS = {
    "language-identifier": ["Königreich der Niederlande", "español", "Polska", "日本"],
    "dates": ["jeudi 5 mars 1998", "5 March 2031", "2024年7月14日", "1. Mai 1970"],
    "english-spanish": ["Where is it?", "I do not know.", "Good morning!", "Help!"],
}


def open_file(run, threads=1):
    return runtime.load(SHIPPED / run / "export/model_int8.tflite", threads)


def ask_from_threads(ask, questions):
    """Asks each question from each thread, `CALLS` times in all."""
    order = np.random.default_rng(0).integers(len(questions), size=CALLS)
    with ThreadPoolExecutor(THREADS) as pool:
        return order, list(pool.map(lambda place: ask(questions[place]), order))


@pytest.mark.parametrize("run", TEXTS)
def test_texts_get_their_own_answers(run):
    model, texts = open_file(run), TEXTS[run]
    alone = [model.predict([text])[0] for text in texts]
    assert len(set(map(str, alone))) == len(texts)
    order, found = ask_from_threads(lambda text: model.predict([text])[0], texts)
    assert found == [alone[place] for place in order]


def test_histories_get_their_own_forecasts():
    model = open_file("co2", threads=2)
    weeks = np.arange(model.look_back)[:, None]
    histories = [300.0 + 20 * k + np.sin(weeks / 8) for k in range(4)]
    alone = [model.predict(history, "2003-01-04") for history in histories]
    _, found = ask_from_threads(
        lambda place: (place, model.predict(histories[place], "2003-01-04").values),
        range(len(histories)),
    )
    assert len(found) == CALLS
    for place, values in found:
        np.testing.assert_array_equal(values, alone[place].values)


def test_the_rows_of_a_batch_get_their_own_answers():
    predictor = TFLitePredictor(SHIPPED / "dates/export/model_int8.tflite")
    rows, _ = texts_to_bytes(TEXTS["dates"], predictor.max_input_bytes)
    alone = predictor(text=rows)["text"]
    turns = [np.roll(np.arange(4), shift) for shift in range(4)]
    _, found = ask_from_threads(
        lambda turn: (turn, predictor(text=rows[turn])["text"]), turns
    )
    for turn, texts in found:
        np.testing.assert_array_equal(texts, alone[turn])


def test_a_call_that_is_refused_blocks_no_other():
    model = open_file("dates")
    with pytest.raises(runtime.PolyheadError, match="has shape"):
        model.model(text=np.zeros((1, 3), np.uint8))
    with pytest.raises(runtime.PolyheadError, match="it takes text, not nothing"):
        model.model()
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(model.predict, ["jeudi 5 mars 1998"]).result(timeout=60)
    assert answer[0].text == "1998-03-05"


def test_many_series_in_one_call():
    model = open_file("co2")
    histories = [np.full((model.look_back, 1), 300.0 + k) for k in range(3)]
    days = ["2003-01-04", "2004-07-03", "2005-02-05"]
    found = model.predict_batch(histories, days)
    for history, day, forecast in zip(histories, days, found, strict=True):
        alone = model.predict(history, day)
        np.testing.assert_array_equal(forecast.values, alone.values)
    same = model.predict_batch(histories, days[0])[2]
    np.testing.assert_array_equal(
        same.values, model.predict(histories[2], days[0]).values
    )
    assert model.predict_batch([], []) == []
    with pytest.raises(runtime.PolyheadError, match="starts has 2 entries for 3 hist"):
        model.predict_batch(histories, days[:2])
    with pytest.raises(runtime.PolyheadError, match="futures has 1 entries for 3"):
        model.predict_batch(histories, days, [None])
    with pytest.raises(runtime.PolyheadError, match="series 2: history has 9 steps"):
        model.predict_batch([histories[0], histories[1][:9]], days[0])
