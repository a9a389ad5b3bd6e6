// A user's table: text with separators, read as `polyhead predict` reads it.

const SEPARATORS = [",", ";", "\t", "|"];
const HEAD = 20; // lines from which the separator is found

/** The text of a file: UTF-8, or UTF-16 that says so, plain or .gz. */
export async function readText(file) {
  if (/\.(xlsx|xls|xlsm|xlsb|ods)$/i.test(file.name)) {
    throw new Error(`${file.name} is a spreadsheet. Save its sheet as CSV (UTF-8).`);
  }
  if (/\.(parquet|json|jsonl|ndjson)(\.gz)?$/i.test(file.name)) {
    throw new Error(`${file.name}: this page reads CSV. Save the table as CSV.`);
  }
  let stream = file.stream();
  if (/\.gz$/i.test(file.name)) {
    stream = stream.pipeThrough(new DecompressionStream("gzip"));
  }
  let bytes;
  try {
    bytes = new Uint8Array(await new Response(stream).arrayBuffer());
  } catch {
    throw new Error(`${file.name} cannot be read. Choose it again, or compress it anew.`);
  }
  try {
    return new TextDecoder(encodingOf(bytes), { fatal: true }).decode(bytes);
  } catch {
    throw new Error(`${file.name} is no text in UTF-8. Save it as CSV (UTF-8).`);
  }
}

function encodingOf([a, b, c, d]) {
  if ((a === 0xff && b === 0xfe) || (a && !b && c && !d)) return "utf-16le";
  if ((a === 0xfe && b === 0xff) || (!a && b && !c && d)) return "utf-16be";
  return "utf-8";
}

/**
 * Reads a table: `header`, `rows` of fields, the `lines` on which they begin, counted
 * from 1 with the header, and the `separator`. Throws an error that names the row.
 */
export function readTable(text, source) {
  const told = /^"?sep=(.)"?\r?\n/.exec(text);
  const body = told ? text.slice(told[0].length) : text;
  const separator = told ? told[1] : findSeparator(body, source);
  const records = [...split(body, separator, source, told ? 2 : 1)];
  const filled = records.filter(({ fields }) => fields.some((field) => field.trim()));
  if (!filled.length) throw new Error(`${source} is empty. It needs a row at least.`);
  const header = filled[0].fields.map((name) => name.trim());
  while (header.length > 1 && !header.at(-1)) header.pop(); // separators end the line
  for (const [place, name] of header.entries()) {
    if (header.indexOf(name) !== place) {
      throw new Error(`${source}: two columns are named "${name}". Rename one.`);
    }
  }
  const rows = filled.slice(1).map(({ fields, line }) => {
    const inside = fields.slice(0, header.length);
    const isEven = inside.length === header.length;
    if (isEven && !fields.slice(header.length).some(Boolean)) return inside;
    throw new Error(
      `${source}: row ${line} has ${fields.length} fields, but the first row has ` +
        `${header.length}. Quote a field that holds the separator, or correct the row.`,
    );
  });
  if (!rows.length) throw new Error(`${source} has no row below its names.`);
  return { source, header, rows, lines: filled.slice(1).map((r) => r.line), separator };
}

/** The one separator that fits the first lines better than the usual one, or that. */
function findSeparator(text, source) {
  const usual = /\.(tsv|txt)(\.gz)?$/i.test(source) ? "\t" : ",";
  const head = text.split("\n", HEAD).join("\n");
  const fits = SEPARATORS.map((separator) => {
    // The head may end inside quotes.
    const rows = [...split(head, separator, null, 1)]
      .map(({ fields }) => fields)
      .filter((fields) => fields.join(""));
    const [first, second] = [rows[0] ?? [], rows[1] ?? rows[0] ?? []];
    const several = first.length > 1 && second.length >= first.length;
    const even = new Set(rows.slice(0, -1).map((fields) => fields.length)).size === 1;
    return Number(several) + Number(several && even);
  });
  const best = Math.max(...fits);
  const found = SEPARATORS.filter((_, place) => fits[place] === best);
  return found.length === 1 ? found[0] : usual;
}

/** Records of fields; quotes may hold separators and line breaks. */
function* split(text, separator, source, first) {
  const hasQuotes = separator !== "\t" || !/\.(tsv|txt)(\.gz)?$/i.test(source ?? "");
  let [fields, field, line, begin, quoted] = [[], "", first, first, false];
  for (let i = 0; i < text.length; i += 1) {
    const sign = text[i];
    if (sign === "\n") line += 1;
    if (quoted) {
      if (sign !== '"') field += sign;
      else if (text[i + 1] === '"') field += text[(i += 1)];
      else quoted = false;
    } else if (sign === '"' && hasQuotes && !field) {
      quoted = true;
    } else if (sign === separator) {
      fields.push(field);
      field = "";
    } else if (sign === "\n") {
      yield { fields: [...fields, field.replace(/\r$/, "")], line: begin };
      [fields, field, begin] = [[], "", line];
    } else {
      field += sign;
    }
  }
  if (quoted && source) {
    throw new Error(
      `${source}: a quoted field in row ${begin} does not end. Write " inside quotes ` +
        'as "".',
    );
  }
  if (field || fields.length) yield { fields: [...fields, field], line: begin };
}
