"""A tiny BERT, in KerasHub's form and in that of Transformers."""

import json

import keras
import numpy as np

WORDS = (
    "good fine great lovely bad poor awful dull film plot cast the a was very".split()
)
VOCABULARY = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *WORDS, "##ly", "."]
SIZES = {"num_layers": 1, "num_heads": 2, "hidden_dim": 32, "intermediate_dim": 64}


def make_backbone():
    import keras_hub

    keras.utils.set_random_seed(0)
    return keras_hub.models.BertBackbone(
        len(VOCABULARY), **SIZES, max_sequence_length=64
    )


def write_transformers(path, backbone):
    """Writes the preset in Transformers' form, by hand."""
    from safetensors.numpy import save_file

    path.mkdir()
    config = {
        "model_type": "bert",
        "vocab_size": len(VOCABULARY),
        "num_hidden_layers": SIZES["num_layers"],
        "num_attention_heads": SIZES["num_heads"],
        "hidden_size": SIZES["hidden_dim"],
        "intermediate_size": SIZES["intermediate_dim"],
        "max_position_embeddings": 64,
    }
    (path / "config.json").write_text(json.dumps(config))
    tokenizer = {"do_lower_case": True, "tokenizer_class": "BertTokenizer"}
    (path / "tokenizer_config.json").write_text(json.dumps(tokenizer))
    (path / "vocab.txt").write_text("\n".join(VOCABULARY) + "\n")
    save_file(to_transformers(backbone), path / "model.safetensors")


def to_transformers(backbone):
    """The backbone's weights under the names that Transformers gives them."""
    width = backbone.hidden_dim
    tensors = {}

    def put(name, value, *shape):
        value = keras.ops.convert_to_numpy(value)
        value = value.reshape(*shape) if shape else value
        tensors[name] = np.ascontiguousarray(value.T if value.ndim == 2 else value)

    def norm(name, layer):
        put(f"{name}.weight", layer.gamma)
        put(f"{name}.bias", layer.beta)

    for name, layer in {
        "word": backbone.token_embedding.embeddings,
        "position": backbone.position_embedding.position_embeddings,
        "token_type": backbone.segment_embedding.embeddings,
    }.items():
        table = keras.ops.convert_to_numpy(layer)
        tensors[f"embeddings.{name}_embeddings.weight"] = table
    norm("embeddings.LayerNorm", backbone.embeddings_layer_norm)
    for number, block in enumerate(backbone.transformer_layers):
        prefix = f"encoder.layer.{number}"
        attention = block._self_attention_layer
        for name in ("query", "key", "value"):
            dense = getattr(attention, f"{name}_dense")
            put(f"{prefix}.attention.self.{name}.weight", dense.kernel, width, width)
            put(f"{prefix}.attention.self.{name}.bias", dense.bias, width)
        output = attention.output_dense
        put(f"{prefix}.attention.output.dense.weight", output.kernel, width, width)
        put(f"{prefix}.attention.output.dense.bias", output.bias)
        norm(f"{prefix}.attention.output.LayerNorm", block._self_attention_layer_norm)
        for name in ("intermediate", "output"):
            dense = getattr(block, f"_feedforward_{name}_dense")
            put(f"{prefix}.{name}.dense.weight", dense.kernel)
            put(f"{prefix}.{name}.dense.bias", dense.bias)
        norm(f"{prefix}.output.LayerNorm", block._feedforward_layer_norm)
    put("pooler.dense.weight", backbone.pooled_dense.kernel)
    put("pooler.dense.bias", backbone.pooled_dense.bias)
    return tensors
