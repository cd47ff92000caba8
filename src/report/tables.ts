import type { Verdict } from '../domain/verdict.ts';
import { NOT_MEASURED, VERDICT_MARKS } from './format.ts';
import { type Content, type Html, html } from './html.ts';

interface Column {
  title: string;
  isNumber?: boolean;
  className?: string;
}

interface Row {
  /** The first cell names the row. */
  cells: Content[];
  isChosen?: boolean;
}

/** So few rows are printed on one page, with their head. */
const ON_ONE_PAGE = 6;

/** A table whose rows become labelled blocks on a phone. */
export function table(caption: Content, columns: Column[], rows: Row[]): Html {
  return html`<div class="scroll${rows.length <= ON_ONE_PAGE && ' whole'}"><table class="stack"><caption>${caption}</caption>
<thead><tr>${columns.map((column) => html`<th scope="col" class="${classOf(column)}">${column.title}</th>`)}</tr></thead>
<tbody>${rows.map((row) => tableRow(columns, row))}</tbody></table></div>`;
}

function tableRow(columns: Column[], { cells, isChosen }: Row): Html {
  const [name, ...rest] = cells;
  const others = rest.map((cell, i) => {
    const column = columns[i + 1]!;
    return html`<td class="${classOf(column)}" data-label="${column.title}"><div>${cell === NOT_MEASURED ? absent(cell) : cell}</div></td>`;
  });
  return html`<tr class="${isChosen ? 'chosen' : ''}"><th scope="row">${name}</th>${others}</tr>
`;
}

const classOf = ({ isNumber, className }: Column): string => [isNumber ? 'n' : '', className ?? ''].join(' ').trim();

export const chip = (verdict: Verdict): Html =>
  html`<span class="chip ${verdict}">${VERDICT_MARKS[verdict]} ${verdict}</span>`;

const CLAUSES_SHOWN = 2;

/** A long chain of reasons: its beginning, and the rest to unfold. */
export function reasonText(reason: string): Html {
  const clauses = reason.split('; ');
  const rest = clauses.slice(CLAUSES_SHOWN);
  if (rest.length < 2) return html`<small>${reason}</small>`;
  return html`<small>${clauses.slice(0, CLAUSES_SHOWN).join('; ')}<details><summary>and ${rest.length} more</summary>${rest.join('; ')}</details></small>`;
}

export const absent = (why: Content): Html => html`<span class="absent">${why}</span>`;

export const time = (iso: string, shown: string): Html => html`<time datetime="${iso}">${shown}</time>`;
