import type { EvidenceFile } from '../domain/closing-evidence.ts';
import type { ClosingDocument } from '../domain/engagement.ts';
import { type Html, html } from './html.ts';
import { table } from './tables.ts';

/** A link out of the reports' folder, into the data directory beside it. */
const LINK = /<a href="\.\.\/([^"]*)">(.*?)<\/a>/g;
const ARTIFACT = /^artifacts\/([0-9a-f]{2})\/([0-9a-f]{62})(?![0-9a-f])/;

/** Where a figure comes from: numbers that lead to the list of evidence. Nothing for what an older document lacks. */
export function cite({ evidence = [] }: Pick<ClosingDocument, 'evidence'>, ...ids: string[]): Html | undefined {
  const numbers = ids.map((id) => evidence.findIndex((file) => file.id === id)).filter((index) => index >= 0);
  if (numbers.length === 0) return undefined;
  const links = numbers.map((index, i) => {
    const { id, what } = evidence[index]!;
    return html`${i > 0 && ', '}<a href="#${id}" aria-label="E${index + 1}, evidence: ${what}">E${index + 1}</a>`;
  });
  return html`<span class="cite"> [${links}]</span>`;
}

export function evidenceList({ evidence = [], engagement }: ClosingDocument): Html | undefined {
  if (evidence.length === 0) return undefined;
  return html`<section aria-labelledby="evidence"><h2 id="evidence">Evidence</h2>
${table(
  html`The files behind the figures, by their place in the data directory; those with a SHA-256 are at the API too, under <code>/api/artifacts/</code>. <code>npx stepdown verify ${engagement}</code> recomputes every verdict from them.`,
  [{ title: '' }, { title: 'What it holds', className: 'reason' }, { title: 'File, with its SHA-256 in the name' }],
  evidence.map((file, index) => ({ cells: cells(file, index) }))
)}</section>`;
}

const cells = ({ id, what, path }: EvidenceFile, index: number) => [
  html`<span id="${id}">E${index + 1}</span>`,
  what,
  html`<a href="../${path}"><code>${path}</code></a>`,
];

/** For a reader who is not at the data directory: links lead to artifacts at the API under `address`, or nowhere. */
export function linkArtifacts(page: string, address: string | undefined): string {
  return page.replace(LINK, (_link, path: string, text: string) => {
    const [, folder, rest] = ARTIFACT.exec(path) ?? [];
    return address === undefined || !folder ? text : `<a href="${address}/api/artifacts/${folder}${rest}">${text}</a>`;
  });
}
