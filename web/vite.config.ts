import react from '@vitejs/plugin-react';
import { defineConfig, type IndexHtmlTransformContext } from 'vite';
import { STYLES } from '../src/report/styles.ts';

/** Pages look like the reports: the same colours, tables, chips and figures. */
const reportStyles = {
  name: 'report-styles',
  // before the pages' own, which go on from there
  transformIndexHtml: (html: string) => html.replace('</title>', () => `</title><style>${STYLES.text}</style>`),
};

/** The first script loads the pages; the browser need not wait for it to know which files they are. */
const pagesAtOnce = {
  name: 'pages-at-once',
  transformIndexHtml: {
    order: 'post' as const,
    handler(_html: string, { bundle = {} }: IndexHtmlTransformContext) {
      const chunks = Object.values(bundle).flatMap((file) => (file.type === 'chunk' ? file : []));
      const pages = chunks.find(({ facadeModuleId }) => facadeModuleId?.endsWith('/src/app.tsx'));
      const first = chunks.find(({ isEntry }) => isEntry)?.fileName;
      const files = pages ? [pages.fileName, ...pages.imports].filter((file) => file !== first) : [];
      return files.map((file) => ({
        tag: 'link',
        attrs: { rel: 'modulepreload', crossorigin: true, href: `/${file}` },
        injectTo: 'head' as const,
      }));
    },
  },
};

export default defineConfig({
  plugins: [react(), reportStyles, pagesAtOnce],
  build: { target: 'es2022', sourcemap: false, assetsInlineLimit: 0 },
});
