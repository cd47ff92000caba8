import { type Content, Html, html, plainText } from './html.ts';
import { STYLES } from './styles.ts';

/** One HTML file that asks nothing of any network. `note` stands at the foot of every printed page. */
export function page({ title, note, body }: { title: string; note?: string | undefined; body: Content }): string {
  return html`<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="generator" content="stepdown">${note && html`<meta name="description" content="${note}">`}
<title>${title}</title>
<style>${STYLES}</style></head><body>
${body}
</body></html>
`.text;
}

const found = (pattern: RegExp, page: string): string => plainText(new Html(pattern.exec(page)?.[1] ?? ''));

/** Of one of our pages. */
export const titleOf = (page: string): string => found(/<title>(.*?)<\/title>/s, page);
export const noteOf = (page: string): string => found(/<meta name="description" content="(.*?)">/s, page);
