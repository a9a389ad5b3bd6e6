// Times of steps: milliseconds since 1970, of local time written as if it were UTC.

export const DAY = 86_400_000;
const MISSING_SHARE = 0.1; // of the stamps of a grid that may be missing

/**
 * The time of the step `offset` steps after `start`; negative ones are before it.
 * `day` is that of monthly steps, see `dayOfMonths`; by default that of `start`.
 */
export function stampAt(start, offset, { unit, step }, day) {
  if (unit === "second") return start + offset * step * 1000;
  if (unit === "microsecond") return start + (offset * step) / 1000;
  const days = Math.floor(start / DAY);
  const clock = start - days * DAY;
  if (unit === "business") {
    // Day 0 was a Thursday.
    const number = 5 * Math.floor((days + 3) / 7) + modulo(days + 3, 7) + offset;
    return (7 * Math.floor(number / 5) + modulo(number, 5) - 3) * DAY + clock;
  }
  return addMonths(new Date(start), offset * step, day) + clock;
}

/** The same day of another month; the last day of a month stays the last one. */
function addMonths(date, months, chosen) {
  const [year, month] = [date.getUTCFullYear(), date.getUTCMonth()];
  const isLast = date.getUTCDate() === lastDay(year, month);
  const day = chosen ?? (isLast ? 31 : date.getUTCDate());
  return Date.UTC(year, month + months, Math.min(day, lastDay(year, month + months)));
}

/** The day of the month of monthly stamps; 31 for the last of every month. */
export function dayOfMonths(stamps) {
  const dates = stamps.map((stamp) => new Date(stamp));
  const days = dates.map((date) => date.getUTCDate());
  const isLast = (date) =>
    date.getUTCDate() === lastDay(date.getUTCFullYear(), date.getUTCMonth());
  const inside = dates.findIndex((date) => !isLast(date)); // February shortens none
  if (inside >= 0) return days[inside];
  return days.every((day) => day === days[0]) ? days[0] : 31;
}

const clockOf = (stamp) => modulo(stamp, DAY);
const dayNumber = (stamp) => Math.floor(stamp / DAY);
const weekday = (stamp) => modulo(dayNumber(stamp) + 3, 7); // 0 for Monday
const businessDay = (stamp) =>
  5 * Math.floor((dayNumber(stamp) + 3) / 7) + weekday(stamp);

function monthNumber(stamp) {
  const date = new Date(stamp);
  return 12 * date.getUTCFullYear() + date.getUTCMonth();
}

/** Number of each sorted stamp on the grid of the first; -1 for those beside it. */
export function placesOf(stamps, { unit, step }) {
  const first = stamps[0];
  if (unit === "second" || unit === "microsecond") {
    const size = unit === "second" ? step * 1e6 : step;
    const gaps = stamps.map((stamp) => Math.round((stamp - first) * 1000));
    return gaps.map((gap) => (gap % size ? -1 : gap / size));
  }
  const isOff = (stamp) => clockOf(stamp) !== clockOf(first);
  if (unit === "business") {
    const place = (stamp) => businessDay(stamp) - businessDay(first);
    return stamps.map((s) => (isOff(s) || weekday(s) > 4 ? -1 : place(s)));
  }
  const day = dayOfMonths(stamps);
  return stamps.map((stamp) => {
    const months = monthNumber(stamp) - monthNumber(first);
    const date = new Date(stamp);
    const last = lastDay(date.getUTCFullYear(), date.getUTCMonth());
    const isBeside = date.getUTCDate() !== Math.min(day, last) || months % step;
    return isOff(stamp) || isBeside ? -1 : months / step;
  });
}

/** Whether stamps, of one series or several, lack only few steps of a grid. */
export function liesOnGrid(stamps, frequency) {
  const times = [...new Set(stamps)].sort((a, b) => a - b);
  if (times.length < 3) return false;
  const places = placesOf(times, frequency);
  const missing = places.at(-1) + 1 - times.length;
  return !places.includes(-1) && missing <= MISSING_SHARE * times.length;
}

/** A step in words, such as "1 hour" or "3 months". */
export function nameStep({ unit, step }) {
  const many = (count, word) => `${count} ${word}${count === 1 ? "" : "s"}`;
  if (unit === "business") return "1 business day";
  if (unit === "month") return many(step, "month");
  if (unit === "microsecond") return many(step, "microsecond");
  const [size, word] = [
    [604_800, "week"],
    [86_400, "day"],
    [3600, "hour"],
    [60, "minute"],
    [1, "second"],
  ].find(([seconds]) => step % seconds === 0);
  return many(step / size, word);
}

function lastDay(year, month) {
  return new Date(Date.UTC(year, month + 1, 0)).getUTCDate();
}

function modulo(a, b) {
  return ((a % b) + b) % b;
}

/** Day since 1970-01-01 and second of the day, as the file takes them. */
export function splitStamp(stamp) {
  const day = Math.floor(stamp / DAY);
  return [day, Math.floor((stamp - day * DAY) / 1000)];
}

export function joinStamp([day, second]) {
  return day * DAY + second * 1000;
}

/** As a field of kind datetime-local writes it. */
export function toField(stamp) {
  return new Date(stamp).toISOString().slice(0, 19);
}

/** The time in such a field; NaN where there is none. */
export function fromField(text) {
  return Date.parse(`${text}Z`);
}

/** A time for people, without the time of day where it is midnight. */
export function formatStamp(stamp) {
  if (stamp % 1000) return new Date(stamp).toISOString().slice(0, 23).replace("T", " ");
  const text = toField(stamp).replace("T", " ");
  if (text.endsWith(" 00:00:00")) return text.slice(0, 10);
  return text.endsWith(":00") ? text.slice(0, 16) : text;
}
