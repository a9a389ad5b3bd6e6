// How much each word of a text speaks for its label: the text is read without it.

const MAX_PARTS = 40; // a long text's words are left out in groups

/** Splits a text into parts of one word or more, each `{ start, end }`. */
export function splitWords(text) {
  const words = [...segment(text)].map(({ start, length }) => ({
    start,
    end: start + length,
  }));
  const size = Math.ceil(words.length / MAX_PARTS);
  const parts = [];
  for (let i = 0; i < words.length; i += size) {
    const last = words[Math.min(i + size, words.length) - 1];
    parts.push({ start: words[i].start, end: last.end });
  }
  return parts;
}

function* segment(text) {
  if (!Intl.Segmenter) {
    for (const match of text.matchAll(/\S+/g)) {
      yield { start: match.index, length: match[0].length };
    }
    return;
  }
  const segmenter = new Intl.Segmenter(undefined, { granularity: "word" });
  for (const { index, segment: word, isWordLike } of segmenter.segment(text)) {
    if (isWordLike) yield { start: index, length: word.length };
  }
}

/** The text without a part, and without the gap that it would leave. */
export function leaveOut(text, { start, end }) {
  const before = text.slice(0, start);
  const after = text.slice(end);
  return /\s$|^$/.test(before) ? before + after.trimStart() : before + after;
}

/**
 * How much the probability falls without each part; null if a newer text has come.
 */
export async function measureFalls(text, parts, probabilityOf, isStale) {
  const whole = await probabilityOf(text);
  const falls = [];
  for (const part of parts) {
    falls.push(whole - (await probabilityOf(leaveOut(text, part))));
    // The page answers between two runs.
    await new Promise((resolve) => setTimeout(resolve));
    if (isStale()) return null;
  }
  return falls;
}
