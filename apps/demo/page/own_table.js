// From a user's table to the fields of the page: the newest history of a series.

import { dayOfMonths, formatStamp, nameStep, placesOf, stampAt } from "./calendar.js";
import { isMissing, readNumbers } from "./columns.js";
import { count } from "./numbers.js";
import { isDate, minutesEast, parseStamps } from "./stamps.js";

const TIME_NAMES = "ds date datetime timestamp time month week day quarter year period";
const SERIES_NAMES = ["unique_id", "series", "item_id"];
const TOTAL = /^((grand |sub[ -]?)?totals?:?|sum:?|average|mean|gesamt|summe)$/i;
const MAX_GAP = 100; // more steps than 100 times the rows mean a wrong time, not a gap
const ROW_NUMBER = /^(unnamed: |level_)?\d*$|^(index|id|row|no|nr|#)$/i;

/** Which column is what, as far as it can be found: names of columns, or null. */
export function findColumns(table, facts) {
  const { header } = table;
  const columnOf = (name) => table.rows.map((row) => row[header.indexOf(name)]);
  const named = (name) =>
    header.find((one) => one === name) ??
    header.find((one) => one.toLowerCase() === name.toLowerCase()) ??
    null;
  const isDated = (name) => isDate(columnOf(name).find((field) => field.trim()) ?? "");
  const time =
    named(facts.time) ??
    TIME_NAMES.split(" ").map(named).find(Boolean) ??
    header.find(isDated) ??
    null;
  const series = facts.series
    ? (named(facts.series) ?? SERIES_NAMES.map(named).find(Boolean) ?? null)
    : null;
  const values = facts.history.map(named);
  const taken = [time, series, ...values];
  const free = header.filter((name) => {
    if (taken.includes(name) || ROW_NUMBER.test(name)) return false;
    const numbers = readNumbers(columnOf(name), table.separator);
    // A wrong field is to be named, not its column passed over.
    const wrong = numbers.filter((number) => number === null).length;
    return numbers.filter(Number.isFinite).length > wrong;
  });
  const open = values.flatMap((name, place) => (name === null ? [place] : []));
  const numeric = open.filter((place) => !facts.categories[facts.history[place]]);
  // One column, or as many as are sought: else the user has to say.
  const fits = facts.history.length === 1 || free.length === numeric.length;
  numeric.forEach((place, i) => {
    values[place] = fits ? (free[i] ?? null) : null;
  });
  return { time, series, values, guessed: fits ? numeric : [] };
}

/** The names of the series in a table, in its order. */
export function listSeries(table, column) {
  const place = table.header.indexOf(column);
  return place < 0 ? [""] : [...new Set(table.rows.map((row) => row[place]))];
}

/**
 * What the fields of the page take of a series: `history` (its last `length` steps),
 * `start` (the time of the step after them), `future` (known values of `horizon` steps),
 * and `about`, a sentence. Throws an error that names the row.
 */
export function takeNewest(table, columns, name, facts, length, horizon) {
  const { source, header } = table;
  const place = (column) => {
    if (column === null) return -1;
    return header.indexOf(column);
  };
  if (columns.time === null) {
    const all = header.join(", ");
    throw new Error(`${source}: no column has dates (columns: ${all}). Choose the time.`);
  }
  facts.history.forEach((wanted, i) => {
    if (columns.values[i] === null) {
      throw new Error(
        `${source}: no column is named "${wanted}" (columns: ${header.join(", ")}). ` +
          `Choose the column of ${wanted}.`,
      );
    }
  });
  const kept = dropRows(table, place(columns.time));
  const failAt = (column) => (at, what) => {
    const field = kept.rows[at][place(column)];
    return new Error(
      `${source}: row ${kept.lines[at]}: "${field}" in column ${column} ${what}`,
    );
  };
  const times = kept.rows.map((row) => row[place(columns.time)]);
  const read = parseStamps(times, facts.frequency, failAt(columns.time));
  // Only steps of no whole seconds need a part of one.
  const clock = toClock(read, facts.zone);
  const isFine = facts.frequency.unit === "microsecond";
  const stamps = isFine ? clock : clock.map((stamp) => stamp - (((stamp % 1000) + 1000) % 1000));
  const values = columns.values.map((column, i) => {
    const fields = kept.rows.map((row) => row[place(column)] ?? "");
    return readColumn(fields, facts, i, table.separator, failAt(column));
  });
  const inside = kept.rows.flatMap((row, at) =>
    columns.series === null || row[place(columns.series)] === name ? [at] : [],
  );
  const order = inside.sort((a, b) => stamps[a] - stamps[b]);
  const rows = {
    stamps: order.map((at) => stamps[at]),
    lines: order.map((at) => kept.lines[at]),
    values: order.map((at) => values.map((column) => column[at])),
  };
  const series = layOnGrid(rows, facts, source, columns.time);
  return cutNewest(series, rows, facts, { source, name, length, horizon });
}

/** Rows without those that are empty, the header again, or a total. */
function dropRows({ header, rows, lines }, time) {
  const stays = (row) => {
    const text = row[time].trim();
    if (text === header[time] || TOTAL.test(text)) return false;
    if (!isMissing(text)) return true;
    return !row.every(isMissing) && !row.some((field) => TOTAL.test(field.trim()));
  };
  const kept = rows.flatMap((row, at) => (stays(row) ? [at] : []));
  const chosen = kept.length ? kept : [...rows.keys()];
  return { rows: chosen.map((at) => rows[at]), lines: chosen.map((at) => lines[at]) };
}

/** Stamps by the clock of training, where both clocks are known. */
function toClock({ stamps, minutes }, zone) {
  if (minutes === null || !zone) return stamps;
  const moved = (minutesEast(zone) - minutes) * 60_000;
  return stamps.map((stamp) => stamp + moved);
}

function readColumn(fields, facts, place, separator, fail) {
  const known = facts.categories[facts.history[place]];
  if (known) {
    return fields.map((field) => {
      const at = known.indexOf(field.trim());
      return at < 0 ? NaN : at;
    });
  }
  const numbers = readNumbers(fields, separator);
  const wrong = numbers.findIndex(
    (number) => number === null || Math.abs(Math.fround(number)) === Infinity,
  );
  if (wrong < 0) return numbers;
  if (numbers[wrong] === null) {
    throw fail(wrong, "is no number. Leave it empty where it is unknown.");
  }
  throw fail(wrong, "is beyond 3.4e38. Correct it, or leave it empty.");
}

/** Rows of one series on the grid of the run; steps without a row are missing. */
function layOnGrid({ stamps, lines, values }, { frequency, gap, history }, source, time) {
  const step = nameStep(frequency);
  const repeated = stamps.findIndex((stamp, at) => at && stamp === stamps[at - 1]);
  if (repeated > 0) {
    throw new Error(
      `${source}: rows ${lines[repeated - 1]} and ${lines[repeated]} have the same time ` +
        `${formatStamp(stamps[repeated])}. Keep one of them.`,
    );
  }
  const places = placesOf(stamps, frequency);
  const beside = places.indexOf(-1);
  if (beside >= 0) {
    throw new Error(
      `${source}: row ${lines[beside]}: ${formatStamp(stamps[beside])} in column ${time} ` +
        `is no whole number of steps of ${step} after ${formatStamp(stamps[0])}, but the ` +
        `run forecasts such steps. Correct it, or bring the rows to steps of ${step}.`,
    );
  }
  const gaps = places.slice(1).map((place, at) => place - places[at]);
  const usual = mostFrequent(gaps);
  if (stamps.length > 2 && usual > gap) {
    const row = lines[1 + gaps.findIndex((one) => one > gap)];
    throw new Error(
      `${source}: row ${row}: its rows are ${usual} steps of ${step} apart, but the run ` +
        `forecasts steps of ${step}. Bring the rows to steps of ${step}.`,
    );
  }
  const size = places.at(-1) + 1;
  const same = gaps.indexOf(0);
  if (same >= 0 || size > MAX_GAP * places.length + 1000) {
    const far = same >= 0 ? same + 1 : 1 + gaps.indexOf(gaps.reduce((a, b) => Math.max(a, b)));
    throw new Error(
      `${source}: row ${lines[far]}: ${formatStamp(stamps[far])} is ${gaps[far - 1]} steps ` +
        `of ${step} after the row before. Correct it.`,
    );
  }
  const steps = Array.from({ length: size }, () => history.map(() => NaN));
  places.forEach((place, at) => {
    steps[place] = values[at];
  });
  return steps;
}

/** The most frequent of some numbers; the smallest of several. */
function mostFrequent(numbers) {
  const counts = new Map();
  for (const number of numbers) counts.set(number, (counts.get(number) ?? 0) + 1);
  const best = [...counts].sort(([a, m], [b, n]) => n - m || a - b)[0];
  return best ? best[0] : 1;
}

function cutNewest(steps, { stamps }, facts, { source, name, length, horizon }) {
  const { targets, future, history, frequency } = facts;
  const isKnown = (row) => row.slice(0, targets.length).some((v) => !Number.isNaN(v));
  const end = steps.findLastIndex(isKnown) + 1;
  const of = name ? `series "${name}" has ` : "";
  if (end < Math.max(length, 1)) {
    throw new Error(
      `${source}: ${of}${count(end, "step")} up to the last value of ` +
        `${targets.join(", ")}, but the file looks back ${length}. Give more of the past.`,
    );
  }
  const day = frequency.unit === "month" ? dayOfMonths(stamps) : undefined;
  const at = (offset) => stampAt(stamps[0], offset, frequency, day);
  const first = history.length - future.length;
  const ahead = Array.from({ length: horizon }, (_, step) =>
    (steps[end + step] ?? history.map(() => NaN)).slice(first),
  );
  ahead.forEach((row, step) => {
    const lacking = future.filter((_, i) => Number.isNaN(row[i]));
    if (!lacking.length) return;
    throw new Error(
      `${source}: ${name ? `series "${name}": ` : ""}${lacking.join(", ")} at ` +
        `${formatStamp(at(end + step))} has no known value, and the forecast needs those of ` +
        `${count(horizon, "step")} ahead. Add rows without ${targets.join(", ")}.`,
    );
  });
  const gaps = steps.slice(end - length, end).filter((row) => row.some(Number.isNaN)).length;
  const read = `${source}: ${of || "it has "}${count(end, "step")} of ${nameStep(frequency)} `;
  return {
    history: steps.slice(end - length, end),
    future: future.length ? ahead : [],
    start: at(end),
    about:
      `${read}from ${formatStamp(at(0))} to ${formatStamp(at(end - 1))}; the last ` +
      `${length} are read${gaps ? `, ${gaps} of them with a gap` : ""}.`,
  };
}
