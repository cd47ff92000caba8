import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';
import { STYLES } from '../src/report/styles.ts';

/** Pages look like the reports: the same colours, tables, chips and figures. */
const reportStyles = {
  name: 'report-styles',
  // before the pages' own, which go on from there
  transformIndexHtml: (html: string) => html.replace('</title>', () => `</title><style>${STYLES.text}</style>`),
};

export default defineConfig({
  plugins: [react(), reportStyles],
  build: { target: 'es2022', sourcemap: false, assetsInlineLimit: 0 },
});
