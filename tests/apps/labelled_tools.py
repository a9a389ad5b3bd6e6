"""Labelled texts in files."""

import json

MANY = [(f"text {n}", "abc"[n % 3]) for n in range(60)]


def write_csv(path, pairs):
    lines = [f'"{text}","{label}"' for text, label in pairs]
    path.write_text("\n".join(["text,label", *lines]), encoding="utf-8")
    return str(path)


def write_jsonl(path, pairs):
    records = [json.dumps({"text": text, "label": label}) for text, label in pairs]
    path.write_text("\n".join(records), encoding="utf-8")
    return str(path)


def pairs_of(part, names):
    return [(text, names[y]) for text, y in zip(part.inputs, part.labels, strict=True)]
