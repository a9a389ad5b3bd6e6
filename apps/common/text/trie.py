"""A set of byte strings as a double-array trie: three int32 arrays.

Following byte `b` (1-255) from state `s` leads to state `base[s] + b` if
`check[base[s] + b] == s`, else nowhere. `value[s]` is the id of the piece that
ends at state `s`, or 0. State 0 is the dead state, state 1 the root.

Reference: Aoe, "An efficient digital search algorithm by using a double-array
structure", IEEE Transactions on Software Engineering 15(9), 1989.
"""

from collections import deque

import numpy as np

DEAD, ROOT = 0, 1


def build_trie(pieces: dict[bytes, int]) -> dict[str, np.ndarray]:
    """The double array of a mapping of byte string to id (> 0).

    `base`, `check` and `value` have one length; every `base[s] + b` lies inside them.
    """
    root: dict = {}
    for piece, piece_id in pieces.items():
        if not piece or 0 in piece:
            raise ValueError(
                f"A piece must not be empty or hold a zero byte: {piece!r}"
            )
        node = root
        for byte in piece:
            node = node.setdefault(byte, {})
        node[None] = piece_id

    size = 1024
    base = np.zeros(size, np.int32)
    check = np.full(size, -1, np.int32)  # -1: free, and no state's number
    value = np.zeros(size, np.int32)
    check[[DEAD, ROOT]] = -2  # taken, and no state's number either
    first_free = 2
    tried_up_to: dict[tuple[int, ...], int] = {}
    queue = deque([(root, ROOT)])
    while queue:
        node, state = queue.popleft()
        value[state] = node.get(None, 0)
        children = sorted(node.keys() - {None})
        if not children:
            continue
        # First fit: the lowest offset at which every child's cell is free.
        while check[first_free] != -1:
            first_free += 1
        # Cells are never given back, so the same pattern fits no earlier than before.
        pattern = tuple(byte - children[0] for byte in children)
        offset = max(tried_up_to.get(pattern, first_free) - children[0], 1)
        offsets = np.array(children)
        tried = 512  # offsets at once
        while True:
            while offset + tried + 512 > len(check):
                more = np.zeros(len(check), np.int32)
                base, value = (np.concatenate([array, more]) for array in (base, value))
                check = np.concatenate([check, more - 1])
            cells = offset + np.arange(tried)[:, None] + offsets
            fits = (check[cells] == -1).all(axis=1)
            if fits.any():
                offset += int(fits.argmax())
                break
            offset += tried
            tried = min(2 * tried, 8192)
        tried_up_to[pattern] = offset + children[0]
        base[state] = offset
        for byte in children:
            check[offset + byte] = state
            queue.append((node[byte], offset + byte))
    used = int(np.flatnonzero(check != -1).max()) + 1
    length = max(used, int(base.max()) + 256)
    return {"base": base[:length], "check": check[:length], "value": value[:length]}
