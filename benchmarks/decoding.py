"""How fast translations come, beside KerasHub and CTranslate2, on one core.

    pip install ctranslate2 keras-hub
    python benchmarks/decoding.py RUN --source FILE --reference FILE

One trained run, its pieces and its weights serve Polyhead and CTranslate2 alike;
KerasHub has a BART of the same size with random weights. Sentences are sorted by
length. Reading text, cutting it into pieces and loading are not timed; every engine
warms up, and the best of five rounds counts. Each is a process of its own on one core;
processor seconds are counted, so that other programs disturb less.

"forced" lets no translation end before 15 pieces, so that all engines do the same
work; "real" lets each end by itself, and shows BLEU.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ENGINES = {  # and Keras's backend
    "Polyhead, TensorFlow": "tensorflow",
    "Polyhead, JAX": "jax",
    "KerasHub BART, XLA": "tensorflow",
    "CTranslate2 float32": "tensorflow",
    "CTranslate2 int8": "tensorflow",
}
FORCED = 15  # pieces
ROUNDS = 5
BATCH = 64
LENGTH_STEP = 8  # XLA compiles anew for every length
BEAM = 5


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("run", type=Path, help="a trained translator")
    parser.add_argument("--source", type=Path, required=True)
    parser.add_argument("--reference", type=Path, required=True)
    parser.add_argument("--only", nargs="+", choices=ENGINES, default=list(ENGINES))
    parser.add_argument("--engine", choices=ENGINES, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.engine:
        print(json.dumps(measure(options)))
        return
    results = {}
    for engine in options.only:
        results[engine] = spawn(engine)
        print(engine, json.dumps(results[engine]), flush=True)
    path = Path(__file__).parent / "results" / "decoding.json"
    path.write_text(json.dumps(results, indent=2) + "\n")


def spawn(engine: str) -> dict:
    """Measures one engine in a process on one core."""
    variables = {"KERAS_BACKEND": ENGINES[engine], "TF_CPP_MIN_LOG_LEVEL": "3"}
    for name in ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "OMP_NUM_THREADS"):
        variables[name] = "1"
    command = [sys.executable, *sys.argv, "--engine", engine]
    done = subprocess.run(
        command, env=os.environ | variables, stdout=subprocess.PIPE, text=True
    )
    if done.returncode:
        raise SystemExit(f"{engine}: exit status {done.returncode}")
    return json.loads(done.stdout.splitlines()[-1])


def measure(options) -> dict:
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    from polyhead.apps import translation
    from polyhead.apps.common.generation.batches import encode_source

    run = translation.load(options.run)
    sources = options.source.read_text(encoding="utf-8").splitlines()
    references = options.reference.read_text(encoding="utf-8").splitlines()
    rows = encode_source(run.tokenizer.encode_all(sources), run.config.max_tokens)
    order = sorted(range(len(rows)), key=lambda row: len(rows[row]))
    rows = [rows[row] for row in order]
    references = [references[row] for row in order]
    makers = {"Polyhead": polyhead, "KerasHub": keras_hub, "CTranslate2": ctranslate2}
    make = next(makers[name] for name in makers if options.engine.startswith(name))
    result = {}
    for method, beam in (("greedy", 1), (f"beam {BEAM}", BEAM)):
        for mode in ("forced", "real"):
            translate = make(options, run, beam, mode == "forced")
            if translate is None:
                continue
            result[f"{method}, {mode}"] = race(
                translate, rows, run.tokenizer.pieces, references, mode
            )
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return result | {"peak_mb": round(memory)}


def race(translate, rows, pieces, references, mode) -> dict:
    """Times a function from rows of ids to rows of ids, in batches and one by one."""
    if mode == "forced":  # full batches alone, for engines that compile for a size
        rows = rows[: len(rows) // BATCH * BATCH]
    batches = [rows[i : i + BATCH] for i in range(0, len(rows), BATCH)]
    seconds, found = best_time(translate, batches)
    singles = [rows[i : i + 1] for i in range(0, len(rows), len(rows) // 50)]
    alone, _ = best_time(translate, singles)
    count = sum(len(row) for row in found)
    result = {
        "sentences_per_second": round(len(rows) / seconds, 1),
        "pieces_per_second": round(count / seconds),
        "ms_alone": round(1e3 * alone / len(singles), 2),
        "pieces_per_sentence": round(count / len(rows), 2),
    }
    if mode == "real":
        import sacrebleu

        from polyhead.apps.common.text.detokenizer import join_pieces

        texts = [join_pieces(pieces, row).decode("utf-8", "replace") for row in found]
        bleu = sacrebleu.corpus_bleu(texts, [references], tokenize="none", force=True)
        result["bleu_of_pieces_joined"] = round(bleu.score, 2)
    return result


def best_time(translate, batches):
    """Processor seconds of the best round, and what came out."""
    best, found = float("inf"), []
    for number in range(ROUNDS + 1):  # the first warms up
        start = time.process_time()
        found = [row for batch in batches for row in translate(batch)]
        if number:
            best = min(best, time.process_time() - start)
    return best, found


def polyhead(options, run, beam, forced):
    """Our own decoding, without its text in and out."""
    import numpy as np
    from keras import ops

    from polyhead.apps.common.generation.batches import pad_rows
    from polyhead.apps.common.run.compiled import CompiledFunction
    from polyhead.layers.candidates import END

    serving = run.serving
    weights = [np.array(weight) for weight in serving.weights]
    if forced:
        weights[0][END] = 0  # the end symbol's logit: far below those of pieces
    method = serving.method(beam)

    def decode(weights, source):
        limits = serving.limits(source)
        limits = ops.full_like(limits, FORCED) if forced else limits
        encoded = serving.encode(weights, source)
        return serving.search(weights, encoded, limits, **method)

    compiled = CompiledFunction(decode, weights)

    def translate(rows):
        ids, _ = compiled(pad_rows(rows))
        return [row[row > 0] for row in ids.reshape(len(rows), -1)]

    return translate


def keras_hub(options, run, beam, forced):
    """KerasHub's `generate` under XLA, with random weights, which never end."""
    if not forced:
        return None
    import keras_hub
    import numpy as np

    from polyhead.apps.common.generation.batches import pad_rows

    shape = run.serving.model.settings
    backbone = keras_hub.models.BartBackbone(
        vocabulary_size=len(run.tokenizer.pieces),
        num_layers=shape["encoder_layers"],
        num_heads=shape["num_heads"],
        hidden_dim=shape["hidden_dim"],
        intermediate_dim=shape["feedforward_dim"],
        max_sequence_length=128,
        dropout=0.0,
    )
    model = keras_hub.models.BartSeq2SeqLM(backbone, preprocessor=None)
    samplers = keras_hub.samplers
    sampler = samplers.GreedySampler() if beam == 1 else samplers.BeamSampler(beam)
    model.compile(sampler=sampler, jit_compile=True)

    def translate(rows):
        longest = max(len(row) for row in rows)
        source = pad_rows(rows, -(-longest // LENGTH_STEP) * LENGTH_STEP)
        target = np.zeros((len(rows), FORCED + 1), int)
        target[:, 0] = 1
        inputs = {
            "encoder_token_ids": source,
            "encoder_padding_mask": source > 0,
            "decoder_token_ids": target,
            "decoder_padding_mask": target > 0,
        }
        output = model.generate(inputs, stop_token_ids=None)
        return list(np.asarray(output["decoder_token_ids"])[:, 1:])

    return translate


def ctranslate2(options, run, beam, forced):
    """CTranslate2 on the same weights and pieces."""
    import ctranslate2
    import numpy as np
    from ctranslate2_model import SPECIAL, convert, tokens_of

    names = tokens_of(run.tokenizer.pieces)
    with tempfile.TemporaryDirectory() as folder:
        convert(run, Path(folder))
        engine = ctranslate2.Translator(
            folder,
            compute_type=options.engine.split()[-1],
            inter_threads=1,
            intra_threads=1,
        )
    ids = {name: number for number, name in enumerate(names)}
    settings = {"beam_size": beam, "max_decoding_length": run.config.max_tokens - 1}
    if forced:
        settings |= {"min_decoding_length": FORCED, "max_decoding_length": FORCED}

    def translate(rows):
        tokens = [[names[i] for i in row if names[i] != SPECIAL[2]] for row in rows]
        results = engine.translate_batch(tokens, **settings)
        return [np.array([ids[t] for t in r.hypotheses[0]], int) for r in results]

    return translate


if __name__ == "__main__":
    main()
