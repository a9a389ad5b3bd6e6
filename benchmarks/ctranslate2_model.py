"""Our translators in CTranslate2's form: one set of weights for both engines."""

from pathlib import Path

import numpy as np
from ctranslate2.specs import Activation, TransformerSpec

from polyhead.apps.common.text.run import TextRun

SPECIAL = ("<pad>", "<s>", "</s>")


def tokens_of(pieces) -> list[str]:
    """A name for every piece id; pieces are bytes, which need not be valid UTF-8."""
    return [*SPECIAL, *(f"{number}" for number in range(len(SPECIAL), len(pieces)))]


def convert(run: TextRun, folder: Path) -> None:
    """Writes the run's model as a CTranslate2 folder."""
    model = run.serving.model
    settings = model.settings
    values = {w.path.split("/", 1)[1]: np.asarray(w) for w in model.weights}
    pre_norm = settings["norm_position"] == "pre"
    spec = TransformerSpec.from_config(
        (settings["encoder_layers"], settings["decoder_layers"]),
        settings["num_heads"],
        pre_norm=pre_norm,
        activation=Activation.RELU,
    )
    table = values["embedding/embedding/embeddings"]
    width = table.shape[1]
    positions = model.encoder.input_positions(
        np.zeros((1, run.config.max_tokens + 1, width), "float32")
    )
    for name, stack in (("encoder", spec.encoder), ("decoder", spec.decoder)):
        embeddings = stack.embeddings
        embeddings = embeddings[0] if isinstance(embeddings, list) else embeddings
        embeddings.weight = table
        embeddings.multiply_by_sqrt_depth = True
        stack.position_encodings.encodings = np.asarray(positions)[0]
        if pre_norm:
            put_norm(stack.layer_norm, values, f"{name}/final_norm")
        for number, layer in enumerate(stack.layer):
            put_layer(layer, values, f"{name}/block_{number}", name == "decoder")
    spec.decoder.projection.weight = table
    tokens = tokens_of(run.tokenizer.pieces)
    spec.register_source_vocabulary(tokens)
    spec.register_target_vocabulary(tokens)
    spec.config.bos_token, spec.config.eos_token = SPECIAL[1:]
    spec.config.unk_token = SPECIAL[0]
    spec.config.decoder_start_token = SPECIAL[1]
    spec.config.add_source_eos = True
    spec.validate()
    spec.optimize(quantization=None)
    folder.mkdir(parents=True, exist_ok=True)
    spec.save(str(folder))


def put_norm(spec, values, path):
    spec.gamma, spec.beta = values[f"{path}/gamma"], values[f"{path}/beta"]


def put_linear(spec, values, *paths):
    """Writes one or more dense layers, side by side; CTranslate2 has (out, in)."""
    kernels = [values[f"{path}/kernel"].T for path in paths]
    spec.weight = np.ascontiguousarray(np.concatenate(kernels, axis=0))
    spec.bias = np.concatenate([values[f"{path}/bias"] for path in paths])


def put_layer(layer, values, path, decoder):
    heads = [f"{path}/attention/{name}" for name in ("query", "key", "value")]
    put_linear(layer.self_attention.linear[0], values, *heads)
    put_linear(layer.self_attention.linear[1], values, f"{path}/attention/output")
    norm = f"{path}/attention_residual/norm"
    put_norm(layer.self_attention.layer_norm, values, norm)
    if decoder:
        cross = f"{path}/cross_attention"
        put_linear(layer.attention.linear[0], values, f"{cross}/query")
        put_linear(layer.attention.linear[1], values, f"{cross}/key", f"{cross}/value")
        put_linear(layer.attention.linear[2], values, f"{cross}/output")
        put_norm(layer.attention.layer_norm, values, f"{path}/cross_residual/norm")
    put_linear(layer.ffn.linear_0, values, f"{path}/feedforward/up")
    put_linear(layer.ffn.linear_1, values, f"{path}/feedforward/down")
    put_norm(layer.ffn.layer_norm, values, f"{path}/feedforward_residual/norm")
