// Numbers as tables write them: decimal points or commas, and signs between thousands.
// A column is read as a whole: "1,234" alone could be 1.234 or 1234.

const MISSING = new Set(
  ("|na|n/a|n.a.|nan|null|none|nat|<na>|-|--|\u2013|\u2014|?|.|#n/a|#na|#n/a n/a|#nv|" +
    "#null!|#div/0!|#value!|#num!|#ref!|#name?|#wert!|#zahl!|#bezug!").split("|"),
);
const PLAIN = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
const SPACES = " \u00a0\u202f\u2009'\u2019"; // between thousands, wherever it is
const numberForm = (thousands, decimal) =>
  new RegExp(
    `^(?=.*\\d)[+-]?(?:\\d+|[1-9]\\d{0,2}(?:[${SPACES}${thousands}]\\d{3})+)?` +
      `(?:${decimal}\\d*)?(?:[eE][+-]?\\d+)?$`,
  );
const POINT = numberForm(",", "\\.");
const COMMA = numberForm(".", ",");

export const isMissing = (field) => MISSING.has(field.trim().toLowerCase());

/**
 * Numbers of a column: NaN for a missing value, null for another text. Beside ";"
 * between the columns, a comma is more likely a decimal one.
 */
export function readNumbers(fields, separator) {
  const numbers = fields.map(toNumber);
  if (!numbers.includes(null)) return numbers;
  const decimal = findDecimal(fields, separator);
  return fields.map((field) => toNumber(normalize(field, decimal)));
}

function toNumber(field) {
  if (PLAIN.test(field.trim())) return Number(field);
  return isMissing(field) ? NaN : null;
}

const clean = (field) => field.trim().replaceAll("\u2212", "-"); // of typographers

function findDecimal(fields, separator) {
  const texts = fields.filter((field) => !isMissing(field)).map(clean);
  const points = texts.filter((text) => POINT.test(text));
  const commas = texts.filter((text) => COMMA.test(text));
  const onlyPoint = points.some((text) => !COMMA.test(text));
  const onlyComma = commas.some((text) => !POINT.test(text));
  if (onlyComma && !onlyPoint) return ",";
  if (onlyPoint || !texts.some((text) => text.includes(","))) return ".";
  return separator === ";" ? "," : ".";
}

/** A number as JavaScript writes it; another text as it is no number. */
function normalize(field, decimal) {
  const text = clean(field);
  if (isMissing(text)) return text;
  if (!(decimal === "," ? COMMA : POINT).test(text)) return `no number: ${text}`;
  const between = `${SPACES}${decimal === "," ? "." : ","}`;
  const digits = [...text].filter((sign) => !between.includes(sign)).join("");
  return digits.replace(",", ".");
}
