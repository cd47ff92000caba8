import { type Content, html } from './html.ts';
import { STYLES } from './styles.ts';

/** One HTML file that asks nothing of any network. */
export function page({ title, body }: { title: string; body: Content }): string {
  return html`<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="generator" content="stepdown">
<title>${title}</title>
<style>${STYLES}</style></head><body>
${body}
</body></html>
`.text;
}
