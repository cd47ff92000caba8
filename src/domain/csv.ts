/** Records of a CSV text by column name, as in RFC 4180: quoted fields, doubled quotes, line breaks inside quotes. */
export function parseCsv(text: string): Record<string, string>[] {
  const [header, ...rows] = fieldsOf(text.replace(/^\uFEFF/, ''));
  if (!header) return [];
  return rows
    .filter((row) => row.length > 1 || row[0] !== '')
    .map((row) => Object.fromEntries(header.map((name, column) => [name.trim(), row[column] ?? ''])));
}

function fieldsOf(text: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  const field = /(?:"((?:[^"]|"")*)"|([^",\r\n][^,\r\n]*|))(,|\r?\n|$)/gy;
  while (field.lastIndex < text.length || row.length > 0) {
    const at = field.lastIndex;
    const match = field.exec(text);
    if (!match) throw new RangeError(`a quoted field that begins at character ${at} of the CSV is not closed`);
    const [, quoted, plain, end] = match;
    row.push(quoted === undefined ? plain! : quoted.replaceAll('""', '"'));
    if (end === ',') continue;
    rows.push(row);
    row = [];
  }
  return rows;
}
