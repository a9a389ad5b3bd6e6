// Pasted numbers as a table, and back.

import { isMissing } from "./columns.js";

const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

/**
 * Reads rows of numbers, the columns parted by commas, semicolons or tabs. Missing
 * ones are NaN. A first line with the names of the columns is passed over.
 */
export function parseRows(text, columns, categories) {
  const lines = text.replace(/\s+$/, "").split("\n");
  const rows = [];
  lines.forEach((line, i) => {
    const fields = line.split(/[,;\t]/).map((field) => field.trim());
    if (i === 0 && fields.join() === columns.join()) return;
    rows.push(parseRow(fields, i + 1, columns, categories));
  });
  return text.trim() ? rows : [];
}

function parseRow(fields, line, columns, categories) {
  if (fields.length === 1 && !fields[0]) return columns.map(() => NaN);
  if (fields.length !== columns.length) {
    throw new Error(
      `Line ${line} has ${count(fields.length, "value")}, but there ` +
        `${columns.length === 1 ? "is" : "are"} ${count(columns.length, "column")} ` +
        `(${columns.join(", ")}). Write decimals with a point.`,
    );
  }
  return fields.map((field, i) => {
    const known = categories[columns[i]];
    return known ? parseName(field, known) : parseNumber(field, line, columns[i]);
  });
}

function parseNumber(field, line, column) {
  if (isMissing(field)) return NaN;
  const value = NUMBER.test(field) ? Number(field) : NaN;
  if (Number.isFinite(Math.fround(value))) return value;
  throw new Error(
    `Line ${line}: "${field}" in column ${column} is no number. Leave it empty where ` +
      "it is unknown.",
  );
}

/** The place of a name among the known ones; another is missing. */
function parseName(field, known) {
  const place = known.indexOf(field);
  return place < 0 ? NaN : place;
}

/** Rows as text, a missing value as an empty field. */
export function formatRows(rows, columns, categories) {
  return rows
    .map((row) => row.map((v, i) => formatField(v, categories[columns[i]])).join(", "))
    .join("\n");
}

function formatField(value, known) {
  if (value === null || Number.isNaN(value)) return "";
  return known ? known[value] : String(value);
}

/** The last `length` rows; missing ones in front where there are fewer. */
export function fitRows(rows, length, columns) {
  const blank = Array.from({ length: Math.max(0, length - rows.length) }, () =>
    columns.map(() => NaN),
  );
  return [...blank, ...rows.slice(-length)];
}

export function count(number, word) {
  return `${number} ${word}${number === 1 ? "" : "s"}`;
}

/** What float32, which the file takes, does to a column that changes by less. */
export function describeRounding(name, rows, columns) {
  const place = columns.indexOf(name);
  const values = rows.map((row) => row[place]).filter(Number.isFinite);
  const pairs = values.slice(1).map((value, i) => [value, values[i]]);
  const changes = pairs.filter(([a, b]) => a !== b);
  const lost = changes.filter(([a, b]) => Math.fround(a) === Math.fround(b));
  if (2 * lost.length <= changes.length) return "";
  return `${name}: float32 rounds most of its changes away: subtract their level first.`;
}

/** A number in few digits, but a whole one in all: 0.0123, 371.5, 12345678. */
export function formatNumber(value) {
  if (Number.isNaN(value)) return "–";
  const isLarge = Math.abs(value) >= 1e5 && Math.abs(value) < 1e15;
  return isLarge ? value.toFixed(0) : String(Number(value.toPrecision(6)));
}

/** The fewest digits that float32 reads back: 367.8, not 367.79998779296875. */
export function formatExact(value) {
  if (Number.isNaN(value)) return "–";
  for (let digits = 1; digits < 9; digits += 1) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === Math.fround(value)) return String(short);
  }
  return String(Number(value.toPrecision(9))); // which tell all float32 apart
}

/** A number rounded to what a thousandth of a range can show. */
export function roundWithin(value, range) {
  const step = 10 ** Math.floor(Math.log10(range / 500));
  return Number((Math.round(value / step) * step).toPrecision(12));
}
