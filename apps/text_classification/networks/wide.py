"""The wide branch: word uni- and bigrams, hashed inside the graph.

Rare words and fixed phrases decide many short texts, and a small encoder has too few
examples to learn them. A bag of hashed n-grams learns them at once.

Reference: Joulin et al., "Bag of Tricks for Efficient Text Classification", EACL 2017;
Cheng et al., "Wide & Deep Learning", DLRS 2016.
"""

import keras
from keras import ops

# Products of the hash stay below 2**31: ids < 2**16 times factors < 2**15, and
# hashes < 2**20 times factors < 2**11.
PRIME = 1048573
FACTORS = (32749, 27281, 22571, 18397, 14737, 11519, 9241, 7793)
UNIGRAM, BIGRAM = (1453, 0), (1987, 1009)
PUNCTUATION = frozenset(b"!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~")


def word_edges(pieces: list[bytes]) -> str:
    """For each piece one digit: 1 starts a word, 2 ends one, 3 both, 0 neither.

    A word starts at white space, at ASCII punctuation (a word of its own) and at a CJK
    or kana character, since these scripts write no spaces.
    """
    edges = []
    for piece in pieces:
        first, last = piece[:1], piece[-1:]
        starts = first.isspace() or (first and first[0] in PUNCTUATION)
        starts = starts or b"\xe3" <= first <= b"\xe9"
        ends = bool(last) and last[0] in PUNCTUATION
        edges.append(str(int(starts) + 2 * int(ends)))
    return "".join(edges)


def piece_edges(pieces: list[str]) -> str:
    """The same of WordPieces, where every piece says whether it starts a word."""
    return "".join("0" if piece.startswith("##") else "1" for piece in pieces)


@keras.saving.register_keras_serializable(package="polyhead")
class HashedWords(keras.layers.Layer):
    """Piece ids to the buckets of the words and word pairs that they spell.

    Args:
        edges: `word_edges` of the vocabulary.
        buckets: number of hash buckets; bucket 0 is padding.

    Call arguments:
        ids: `(B, T)` int32 piece ids, 0 for padding.

    Returns:
        `(B, 2 T)` int32 buckets: at each word's last piece the word's and the pair's
        (the word before it and itself), 0 elsewhere.
    """

    def __init__(self, edges, buckets, **kwargs):
        super().__init__(**kwargs)
        self.edges = edges
        self.buckets = buckets

    def call(self, ids):
        edges = ops.convert_to_tensor([int(edge) for edge in self.edges], "int32")
        factors = ops.convert_to_tensor(FACTORS, "int32")
        ids = ops.cast(ids, "int32")
        real = ids > 0
        edge = ops.take(edges, ids, axis=0)  # (B, T)
        ended = shift(edge // 2, 1)  # the piece before ends a word
        starts = (edge % 2 == 1) | (ended == 1)
        position = ops.cumsum(ops.ones_like(ids), axis=1)  # from 1
        start = running_maximum(ops.where(starts, position, 1))  # of its word
        factor = ops.take(factors, ops.minimum(position - start, 7), axis=0)
        mixed = ops.where(real, (ids * factor) % PRIME, 0)
        total = ops.cumsum(mixed, axis=1)  # below 2**31 for 2,047 pieces
        # The word is what comes after the pieces before it; so is the previous one.
        word = (total - take_before(total, start)) % PRIME
        previous = take_before(word, start)
        inside = (
            ops.pad(ops.cast(real & ~starts, "int32"), [[0, 0], [0, 1]])[:, 1:] == 1
        )
        last = real & ~inside  # the next piece belongs to another word, or is padding
        single = self._bucket(word, UNIGRAM, previous)
        pair = self._bucket(word, BIGRAM, previous)
        both = ops.concatenate([single, pair], axis=1)
        return both * ops.cast(ops.concatenate([last, last], axis=1), "int32")

    def _bucket(self, word, factors, previous):
        here, before = factors
        mixed = (word * here) % PRIME + (previous * before) % PRIME
        return mixed % PRIME % (self.buckets - 1) + 1

    def compute_output_spec(self, ids):
        length = None if ids.shape[1] is None else 2 * ids.shape[1]
        return keras.KerasTensor((ids.shape[0], length), "int32")

    def get_config(self):
        own = {"edges": self.edges, "buckets": self.buckets}
        return {**super().get_config(), **own}


def shift(x, steps):
    """`x (B, T)` moved right by `steps`, zeros coming in from the left."""
    return ops.pad(x, [[0, 0], [steps, 0]])[:, :-steps]


def running_maximum(x):
    """The largest value so far in each row of `x (B, T)`, T <= 2,048."""
    for power in range(11):
        x = ops.maximum(x, shift(x, 2**power))
    return x


def take_before(x, start):
    """`x` just before the 1-based positions `start (B, T)`; 0 before the first."""
    padded = ops.pad(x, [[0, 0], [1, 0]])  # (B, T + 1)
    length = ops.shape(padded)[1]
    row = ops.cumsum(ops.ones_like(x[:, :1]), axis=0) - 1  # (B, 1)
    return ops.take(ops.reshape(padded, (-1,)), row * length + start - 1, axis=0)


@keras.saving.register_keras_serializable(package="polyhead")
class BagOfBuckets(keras.layers.Layer):
    """The sum of the buckets' vectors over the square root of their number.

    Args:
        buckets: number of buckets; bucket 0 is padding.
        dim: width of the vectors.
        dropout: the chance to leave a bucket out while training.
        learning_rate_ratio: how much faster than the rest the table learns. Under Adam,
            whose steps do not depend on the gradient's size, a table that is read
            through a factor learns faster by that factor.
        seed: seed of the dropout.

    Call arguments:
        ids: `(B, N)` int32 buckets.

    Returns:
        `(B, dim)`.
    """

    def __init__(
        self, buckets, dim, dropout=0.0, learning_rate_ratio=1.0, seed=None, **kwargs
    ):
        super().__init__(**kwargs)
        self.buckets, self.dim, self.dropout = buckets, dim, dropout
        self.learning_rate_ratio = learning_rate_ratio
        self.seed = seed
        most = 0.05 / learning_rate_ratio
        small = keras.initializers.RandomUniform(-most, most, seed=seed)
        self.table = keras.layers.Embedding(
            buckets, dim, embeddings_initializer=small, dtype=self.dtype_policy
        )
        self.seed_generator = keras.random.SeedGenerator(seed)

    def build(self, input_shape):
        self.table.build(input_shape)

    def call(self, ids, training=None):
        kept = ids > 0
        if training and self.dropout:
            chance = keras.random.uniform(ops.shape(ids), seed=self.seed_generator)
            kept = kept & (chance >= self.dropout)
        weight = ops.cast(kept, self.compute_dtype)  # (B, N)
        count = ops.maximum(ops.sum(weight, axis=1, keepdims=True), 1)
        vectors = self.table(ids) * ops.expand_dims(weight, -1)  # (B, N, dim)
        total = ops.sum(vectors, axis=1) * self.learning_rate_ratio
        return total / ops.sqrt(count)

    def compute_output_shape(self, input_shape):
        return (input_shape[0], self.dim)

    def get_config(self):
        names = ("buckets", "dim", "dropout", "learning_rate_ratio", "seed")
        return {**super().get_config(), **{name: getattr(self, name) for name in names}}
