import { PHASES } from '../src/domain/engagement.ts';
import { PACKAGES, type Package } from '../src/domain/packages.ts';
import { type Key, keysOf, type Schema } from '../src/domain/schema-keys.ts';
import { UNIT_MS } from '../src/domain/units.ts';

/** The document with its tables as packages and schema are now: what stands between its markers is replaced. */
export function withTables(document: string, schema: Schema): string {
  const tables: Record<string, string> = { packages: packageTable(), keys: keyTables(schema) };
  return document.replace(
    /(<!-- generated: (\w+) -->\n).*?(\n<!-- end -->)/gs,
    (_, begin: string, name: string, end: string) => `${begin}\n${tables[name]}\n${end}`
  );
}

function packageTable(): string {
  const packages = Object.entries<Package>(PACKAGES);
  const row = (title: string, text: (bought: Package) => string) => [title, ...packages.map(([, each]) => text(each))];
  const yes = (is: boolean) => (is ? 'yes' : 'no');
  const days = (count: number | null) => (count === null ? 'no' : `after ${count} days`);
  return table([
    ['', ...packages.map(([name]) => code(name))],
    row('phases', ({ rollsOut }) =>
      PHASES.filter((phase) => rollsOut || !['rollout', 'support'].includes(phase)).join(', ')
    ),
    row('schemes', ({ schemes }) => schemes.map(code).join(', ')),
    row('further recipes of what passed', ({ optimizes }) => yes(optimizes)),
    row('training proposed where the margin is missed', ({ trains }) => yes(trains)),
    row('rollout in production', ({ rollsOut }) => yes(rollsOut)),
    row('support window', ({ rollsOut, supportDays }) => (rollsOut ? `${supportDays} days` : 'none')),
    row('portfolio of several models', ({ hasPortfolio }) => yes(hasPortfolio)),
    row('new engagement proposed for age', ({ reoptimizeAfterDays }) => days(reoptimizeAfterDays)),
    row('service level of the support window', ({ serviceLevel }) =>
      serviceLevel
        ? `up ${100 * serviceLevel.uptime} %, acknowledged in ${serviceLevel.acknowledgeMs / UNIT_MS.hour} hours, 0 % in ${serviceLevel.toZeroMs / UNIT_MS.second} s`
        : 'no'
    ),
  ]);
}

function keyTables(schema: Schema): string {
  const all = merged(keysOf(schema));
  const sections = Object.entries(schema.properties ?? {}).filter(([name]) => all.some((key) => isBelow(name, key)));
  const inSections = sections.map(([name, { description = '' }]) => {
    const isRequired = schema.required?.includes(name);
    const intro = `${linked(capital(description))}.${isRequired ? '' : ' May be left out.'}`;
    return [`### ${name}`, intro, keyTable(all.filter((key) => isBelow(name, key)))].join('\n\n');
  });
  const alone = all.filter(({ path }) => !sections.some(([name]) => path === name || isBelow(name, { path })));
  return ['### At the top', keyTable(alone), ...inSections].join('\n\n');
}

const isBelow = (name: string, { path }: Pick<Key, 'path'>) =>
  /^[.[]/.test(path.slice(name.length)) && path.startsWith(name);

/** Keys of several alternatives as one, which takes what any of them takes. */
function merged(keys: Key[]): Key[] {
  return [...Map.groupBy(keys, ({ path }) => path).values()].map((alike) => {
    const constants = alike.flatMap(({ schema }) => ('const' in schema ? [schema.const] : []));
    const need = alike.every((key) => key.need === alike[0]!.need) ? alike[0]!.need : 'sometimes';
    return { ...alike[0]!, need, ...(constants.length > 0 && { schema: { ...alike[0]!.schema, enum: constants } }) };
  });
}

const NEED = { always: 'required', sometimes: 'required by some', never: '' };

function keyTable(keys: Key[]): string {
  const rows = keys.map(({ path, schema, need }) => [
    code(path),
    valueText(schema),
    'default' in schema && !isObject(schema) ? code(written(schema.default)) : NEED[need],
    schema.examples ? code(written(schema.examples[0])) : '',
    linked(schema.description ?? ''),
  ]);
  return table([['key', 'value', 'default', 'example', 'meaning'], ...rows]);
}

function valueText(schema: Schema, plural = ''): string {
  const { type, items, pattern } = schema;
  const alternatives = schema.anyOf ?? schema.oneOf;
  if (isObject(schema)) return `object${plural}`;
  if (schema.enum) return schema.enum.map((value) => code(String(value))).join(', ');
  if (alternatives) return [...new Set(alternatives.map((each) => valueText(each, plural)))].join(' or ');
  if (type === 'array') return `list of ${valueText(items!, 's')}`;
  if (type === 'boolean') return '`true`, `false`';
  if (type === 'null') return '`null`';
  if (pattern?.includes('second|minute|hour|day')) return 'duration';
  if (type === 'string') return `text${plural}`;
  return `${type === 'integer' ? 'whole number' : 'number'}${plural}${rangeOf(schema)}`;
}

const isObject = ({ properties, anyOf, oneOf }: Schema): boolean =>
  properties !== undefined || [...(anyOf ?? []), ...(oneOf ?? [])].some(isObject);

function rangeOf({ minimum, exclusiveMinimum, maximum, exclusiveMaximum }: Schema): string {
  const bounds = [
    ...(exclusiveMinimum === undefined ? [] : [`above ${exclusiveMinimum}`]),
    ...(minimum === undefined || Math.abs(minimum) >= Number.MAX_SAFE_INTEGER ? [] : [`from ${minimum}`]),
    ...(exclusiveMaximum === undefined ? [] : [`below ${exclusiveMaximum}`]),
    ...(maximum === undefined || maximum >= Number.MAX_SAFE_INTEGER ? [] : [`to ${maximum}`]),
  ];
  return bounds.length > 0 ? ` ${bounds.join(' ')}` : '';
}

const written = (value: unknown): string =>
  typeof value === 'string' ? value : JSON.stringify(value).replaceAll(',', ', ');
const code = (text: string): string => `\`${text}\``;
/** Other documents, as links. */
const linked = (text: string): string => text.replace(/docs\/([\w-]+)\.md/g, '[$1]($1.md)');
const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

function table(rows: string[][]): string {
  const widths = rows[0]!.map((_, column) => Math.max(3, ...rows.map((row) => row[column]!.length)));
  const line = (cells: string[]) => `| ${cells.map((cell, column) => cell.padEnd(widths[column]!)).join(' | ')} |`;
  const [head, ...rest] = rows;
  return [line(head!), `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`, ...rest.map(line)].join('\n');
}
