// Time stamps as tables write them, read as `polyhead predict` reads them.

import { DAY, liesOnGrid } from "./calendar.js";

const REMEDY = "Write it as 2024-01-31 13:00.";
const OFFSET =
  /^(.*(?:\d[T ]\d+|\d:\d\d(?::\d\d(?:\.\d+)?)?))\s*(Z|UTC|GMT|[+-]\d\d(?::?\d\d)?)$/i;
const SLASHED = /^(\d\d?)([/.-])(\d\d?)\2(\d{4})(?!\d)(.*)$/; // 01/02/2024
const ISO_TIME = /^\d{4}-\d\d-\d\d[ T]\d\d:\d\d/;
// Units since 1970, by their digits, in milliseconds.
const COUNTS = { 9: 1e3, 10: 1e3, 13: 1, 16: 1e-3, 19: 1e-6 };
const COUNT = /^(\d{9,10}|\d{13}|\d{16}|\d{19})(\.\d*)?$/;
const PERIOD = /^(\d{4})(?:\.0|[ -]?([QMW])(\d\d?)(?:-?(\d))?)$/i;
const QUARTER = /^(Q[1-4])[ /-]?(\d{4})$/i;
const TIME = String.raw`(?:[T ,]+(\d\d?)(?::(\d\d)(?::(\d\d)(?:\.(\d+))?)?)?\s*([ap]m)?)?`;
const NUMERIC = new RegExp(String.raw`^(\d{4})(?:([-/.])(\d\d?)(?:\2(\d\d?))?)?${TIME}$`, "i");
const COMPACT = new RegExp(String.raw`^(\d{4})()(\d\d)(\d\d)${TIME}$`, "i");
const DAY_FIRST = new RegExp(String.raw`^(\d\d?)[ -]([a-z]+)\.?[ ,-]+(\d{4})${TIME}$`, "i");
const NAME_FIRST = new RegExp(String.raw`^([a-z]+)\.?[ -](?:(\d\d?),? )?(\d{4})${TIME}$`, "i");
const MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split(" ");
const FULL = (
  "january february march april may june july august september october november december"
).split(" ");
const WEEKDAY = /^(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?,? /i;

/** Whether a field is a date that is no plain number. */
export function isDate(field) {
  const text = field.trim();
  if (/^[-+]?[\d,]*\.?\d*$/.test(text)) return false;
  return parts(text).some((stamp) => !Number.isNaN(stamp));
}

/** The stamps that a text can be: two where day and month can change places. */
function parts(text) {
  const clock = spellPeriod(OFFSET.exec(text)?.[1] ?? text);
  const cut = SLASHED.exec(clock);
  return cut ? readSlashed(cut) : [readClock(clock)];
}

function readSlashed([, a, , b, year, time]) {
  return [readClock(`${year}-${a}-${b}${time}`), readClock(`${year}-${b}-${a}${time}`)];
}

/**
 * Reads a column of time stamps that are all written in one way: `stamps`, in
 * milliseconds since 1970 by their own clock, and the clock's `minutes` east of UTC, or
 * null. `fail(place, what)` makes the error of a field.
 */
export function parseStamps(fields, frequency, fail) {
  const texts = fields.map((field) => field.trim());
  if (texts.every((text) => COUNT.test(text))) {
    const stamps = texts.map((text) => {
      const digits = text.split(".")[0].length;
      return Math.round(Number(text) * COUNTS[digits] * 1000) / 1000;
    });
    return { stamps, minutes: 0 };
  }
  const cuts = texts.map((text) => OFFSET.exec(text));
  const clocks = texts.map((text, i) => spellPeriod(cuts[i] ? cuts[i][1] : text));
  const stamps = SLASHED.test(clocks[0])
    ? chooseOrder(clocks, frequency, fail)
    : clocks.map(readClock);
  texts.forEach((text, place) => {
    if (Number.isNaN(stamps[place])) {
      const isRead = parts(text).some((stamp) => !Number.isNaN(stamp));
      if (!isRead) throw fail(place, `is no time. ${REMEDY}`);
    }
    const alike = isAlike(clocks[place], clocks[0]) && Boolean(cuts[place]) === Boolean(cuts[0]);
    if (Number.isNaN(stamps[place]) || !alike) {
      throw fail(place, `is written in another way than "${texts[0]}". Write all alike.`);
    }
  });
  if (!cuts[0]) return { stamps, minutes: null };
  return byLastOffset(stamps, cuts.map((cut) => minutesEast(cut[2])));
}

/** The stamps by the offset of the latest; those at one time of the day stay. */
function byLastOffset(stamps, minutes) {
  const times = stamps.map((stamp, i) => stamp - minutes[i] * 60_000);
  const last = minutes[times.indexOf(times.reduce((a, b) => Math.max(a, b)))];
  if (minutes.every((one) => one === minutes[0])) return { stamps, minutes: last };
  const clock = (stamp) => ((stamp % DAY) + DAY) % DAY;
  if (stamps.every((stamp) => clock(stamp) === clock(stamps[0]))) {
    return { stamps, minutes: null };
  }
  return { stamps: times.map((time) => time + last * 60_000), minutes: last };
}

/** Minutes east of UTC, of an offset such as "+05:30", "-03" or "Z". */
export function minutesEast(offset) {
  if (!/^[+-]/.test(offset)) return 0;
  const digits = offset.slice(1).replace(":", "").padEnd(4, "0");
  const minutes = 60 * Number(digits.slice(0, 2)) + Number(digits.slice(2));
  return offset[0] === "-" ? -minutes : minutes;
}

/** 01/02/2024 in one order for the whole column: the one in which its steps fit. */
function chooseOrder(clocks, frequency, fail) {
  const pairs = clocks.map((text) => {
    const cut = SLASHED.exec(text);
    return cut ? readSlashed(cut) : [NaN, NaN];
  });
  const readings = [0, 1].map((order) => pairs.map((pair) => pair[order]));
  const bad = readings.map((reading) => reading.filter(Number.isNaN).length);
  if (bad[0] || bad[1]) return readings[bad[1] < bad[0] ? 1 : 0];
  const at = pairs.findIndex(([a, b]) => a !== b);
  if (at < 0) return readings[0];
  const regular = readings.map((reading) => liesOnGrid(reading, frequency));
  if (regular[0] !== regular[1]) return readings[regular[0] ? 0 : 1];
  if (SLASHED.exec(clocks[at])[2] === ".") return readings[1];
  const days = pairs[at].map((stamp) => new Date(stamp).toISOString().slice(0, 10));
  throw fail(at, `can be read as ${days.join(" and as ")}. ${REMEDY}`);
}

/** The first day of a quarter, month or week, as in 2024-01-29; else the text. */
function spellPeriod(text) {
  const quarter = QUARTER.exec(text);
  const period = PERIOD.exec(quarter ? `${quarter[2]}${quarter[1]}` : text);
  if (!period) return text;
  const [, year, kind = "", number = "1", day] = period;
  if (kind.toUpperCase() === "W") return spellWeek(year, Number(number), Number(day ?? 1)) ?? text;
  const month = kind.toUpperCase() === "Q" ? 3 * number - 2 : Number(number);
  return day ? text : `${year}-${String(month).padStart(2, "0")}`;
}

function spellWeek(year, week, day) {
  const fourth = Date.UTC(year, 0, 4); // is in the first week
  const monday = fourth - ((new Date(fourth).getUTCDay() + 6) % 7) * DAY;
  const date = new Date(monday + (7 * (week - 1) + day - 1) * DAY);
  const thursday = new Date(monday + (7 * (week - 1) + 3) * DAY);
  const isThere = week > 0 && day > 0 && day < 8 && thursday.getUTCFullYear() === Number(year);
  return isThere ? date.toISOString().slice(0, 10) : null;
}

/** A time without an offset; NaN where a text is none. */
function readClock(text) {
  const plain = text.replace(WEEKDAY, "");
  const numeric = NUMERIC.exec(plain) ?? COMPACT.exec(plain);
  if (numeric) {
    const [, year, , month = 1, day = 1, ...time] = numeric;
    return makeStamp(year, month, day, time);
  }
  const first = DAY_FIRST.exec(plain);
  if (first) return makeStamp(first[3], monthOf(first[2]), first[1], first.slice(4));
  const named = NAME_FIRST.exec(plain);
  if (named) return makeStamp(named[3], monthOf(named[1]), named[2] ?? 1, named.slice(4));
  return NaN;
}

function monthOf(name) {
  const lower = name.toLowerCase();
  const short = lower === "sept" ? "sep" : lower;
  return 1 + Math.max(MONTHS.indexOf(short), FULL.indexOf(short));
}

function makeStamp(year, month, day, [hour = 0, minute = 0, second = 0, rest = "", half]) {
  const isTwelve = Boolean(half);
  if (isTwelve && (hour < 1 || hour > 12)) return NaN;
  const hours = isTwelve ? (hour % 12) + (half.toLowerCase() === "pm" ? 12 : 0) : Number(hour);
  const date = Date.UTC(year, month - 1, day);
  const isThere = month >= 1 && month <= 12 && new Date(date).getUTCDate() === Number(day);
  if (!isThere || hours > 23 || minute > 59 || second > 59) return NaN;
  const fraction = rest ? Math.round(Number(`0.${rest}`) * 1e6) / 1000 : 0;
  return date + hours * 3_600_000 + minute * 60_000 + second * 1000 + fraction;
}

/** Whether two texts have one form; of times, some may have a fraction of a second. */
function isAlike(text, first) {
  const shape = (one) => one.replace(/\d+/g, "9").replace(/[a-z]+/gi, "a");
  if (shape(text) === shape(first)) return true;
  return ISO_TIME.test(first) && /^\d{4}-\d\d-\d\d/.test(text);
}
