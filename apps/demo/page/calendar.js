// Times of steps: milliseconds since 1970, of local time written as if it were UTC.

const DAY = 86_400_000;

/** The time of the step `offset` steps after `start`; negative ones are before it. */
export function stampAt(start, offset, { unit, step }) {
  if (unit === "second") return start + offset * step * 1000;
  if (unit === "microsecond") return start + (offset * step) / 1000;
  const days = Math.floor(start / DAY);
  const clock = start - days * DAY;
  if (unit === "business") {
    // Day 0 was a Thursday.
    const number = 5 * Math.floor((days + 3) / 7) + modulo(days + 3, 7) + offset;
    return (7 * Math.floor(number / 5) + modulo(number, 5) - 3) * DAY + clock;
  }
  return addMonths(new Date(start), offset * step) + clock;
}

/** The same day of another month; the last day of a month stays the last one. */
function addMonths(date, months) {
  const [year, month, day] = [
    date.getUTCFullYear(),
    date.getUTCMonth(),
    date.getUTCDate(),
  ];
  const last = lastDay(year, month + months);
  const isLast = day === lastDay(year, month);
  return Date.UTC(year, month + months, isLast ? last : Math.min(day, last));
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
