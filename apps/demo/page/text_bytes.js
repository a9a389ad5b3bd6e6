// Text as the bytes that an exported file reads.

import { isolate } from "./page_tools.js";

/**
 * A text's UTF-8 up to its first zero character, cut between two characters and
 * padded with zeros.
 */
export function toBytes(text, maxBytes) {
  // Half a character has no UTF-8; the Python client writes a question mark too.
  const whole = text.replace(/\p{Surrogate}/gu, "?");
  const zero = whole.indexOf("\0");
  const data = new TextEncoder().encode(zero < 0 ? whole : whole.slice(0, zero));
  let end = Math.min(data.length, maxBytes);
  while (end > 0 && end < data.length && (data[end] & 0xc0) === 0x80) end -= 1;
  const padded = new Uint8Array(maxBytes);
  padded.set(data.subarray(0, end));
  return {
    bytes: padded,
    read: new TextDecoder().decode(data.subarray(0, end)),
    isLong: end < data.length,
    hasZero: zero >= 0,
    isMended: whole !== text,
  };
}

/** The text in zero-padded UTF-8. */
export function fromBytes(bytes) {
  const end = bytes.indexOf(0);
  return new TextDecoder().decode(end < 0 ? bytes : bytes.subarray(0, end));
}

/**
 * Whether an answer may have been cut at the last byte. A cut between two characters,
 * of up to four bytes, leaves up to three zeros.
 */
export function isFull(bytes) {
  return bytes.slice(-4).some((byte) => byte !== 0);
}

/** What a file says in `truncated`: whether all was read, and all was written. */
export function readCuts(outputs) {
  const cuts = outputs?.truncated?.[0] ?? 0; // a file of Polyhead 0.2 does not say it
  return { input: (cuts & 1) > 0, output: (cuts & 2) > 0 };
}

/**
 * What the reader has to know of a text that is not read as it stands. `byPieces`
 * says that the model reads less than the file.
 */
export function describeCut({ isLong, hasZero, isMended, read }, maxBytes, byPieces) {
  const notes = [];
  if (byPieces) {
    notes.push("Truncated: the text has more pieces than the model reads.");
  }
  if (isLong) {
    notes.push(
      `Truncated: the file reads ${maxBytes} bytes, which end with "${isolate(ending(read))}".`,
    );
  }
  if (hasZero) notes.push("The text is read up to its first zero character.");
  if (isMended) notes.push("Half a character (a lone surrogate) is read as ?.");
  return notes.join(" ");
}

function ending(text) {
  return [...text].slice(-12).join("").trim();
}
