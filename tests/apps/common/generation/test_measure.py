"""The measure by the targets: exact match or BLEU, and BLEU's tokenizer."""

import doctest

import pytest

from polyhead.apps.common.generation import measure as module
from polyhead.apps.common.generation.measure import (
    choose_measure,
    tokenizer_by_code,
    tokenizer_for,
)

CHINESE = ["我今天早上去市场买了很多水果。", "他们在公园里一起散步聊天。"]
JAPANESE = ["私は毎朝公園を散歩しています。", "彼女は新しい本を読みました。"]
THAI = ["ฉันไปตลาดทุกเช้าเพื่อซื้อผลไม้", "พวกเขาเดินเล่นในสวนสาธารณะด้วยกัน"]
KOREAN = ["나는 매일 아침 공원을 산책한다", "그녀는 새로운 책을 읽고 있었다"]
GERMAN = ["Zwei Kinder spielen im Park.", "Ein Hund läuft durch den Schnee."]
ARABIC = ["ذهبت إلى السوق هذا الصباح", "يلعب الأطفال في الحديقة معا"]
HINDI = ["मैं हर सुबह बाज़ार जाता हूँ", "बच्चे बगीचे में खेल रहे हैं"]


@pytest.mark.parametrize(
    "targets, tokenize",
    [
        (CHINESE, "zh"),
        (JAPANESE, "char"),
        (THAI, "char"),
        (KOREAN, "char"),
        (["ຂ້ອຍໄປຕະຫຼາດທຸກເຊົ້າ"], "char"),
        (["ខ្ញុំទៅផ្សាររាល់ព្រឹក"], "char"),
        (["ကျွန်တော်မနက်တိုင်းဈေးသွားတယ်"], "char"),
        (GERMAN, "13a"),
        (ARABIC, "13a"),
        (HINDI, "13a"),
        (["Каждое утро я хожу на рынок"], "13a"),
    ],
)
@pytest.mark.parametrize("code", [None, "en", "zh", "xx", "de_DE"])
def test_the_script_decides_and_no_code_overrules_it(targets, tokenize, code):
    assert choose_measure(targets, code) == ("bleu", tokenize)


def test_a_code_decides_only_what_the_letters_leave_open():
    headlines = ["日本経済新聞社長会見要旨", "東京証券取引所株価指数上昇"]  # Han alone
    assert tokenizer_for(headlines, "ja-JP") == "char"
    assert tokenizer_for(headlines, "zh") == tokenizer_for(headlines) == "zh"


def test_of_mixed_targets_most_letters_decide():
    assert tokenizer_for([*CHINESE, "GPU"]) == "zh"
    assert tokenizer_for([*GERMAN, "你好"]) == "13a"
    assert (
        tokenizer_for(["在 GPU 上运行得很快很好", "用 Keras 训练一个模型并导出"])
        == "zh"
    )


@pytest.mark.parametrize(
    "targets",
    [
        ["TSLCVALMD", "APRS", "RVVOAJLV"],
        ["apple", "red wine", "a small dog"],
        ["1,234.50", "17", "-3"],
        ["2024-05-01", "1999-12-31"],
        ["😀", "🎉🎉", "👩‍👩‍👧"],
        ["مرحبا", "شكرا جزيلا"],
        ["苹果", "水", "红酒"],
        ["", "x"],
        ["one"],
    ],
)
def test_short_answers_are_right_or_wrong(targets):
    assert choose_measure(targets).main == "exact"


def test_a_few_short_answers_among_sentences_change_nothing():
    assert choose_measure([*GERMAN, "Ja."]).main == "bleu"
    assert choose_measure([*GERMAN, "Ja.", "Nein.", "Gut."]).main == "exact"


def test_of_many_targets_some_are_read(monkeypatch):
    monkeypatch.setattr(module, "READ", 4)
    assert choose_measure(["Ja"] * 100 + GERMAN[:1] * 300).main == "bleu"


def test_older_runs_asked_the_code_alone():
    codes = ("de", "zh-CN", "ja", "ko_KR", "TH", None)
    found = [tokenizer_by_code(code) for code in codes]
    assert found == ["13a", "zh", "char", "char", "char", "13a"]


def test_examples_run():
    assert doctest.testmod(module).failed == 0
