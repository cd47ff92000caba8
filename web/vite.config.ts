import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';
import { STYLES } from '../src/report/styles.ts';

/** Pages look like the reports: the same colours, tables, chips and figures. */
const reportStyles = {
  name: 'report-styles',
  transformIndexHtml: () => [{ tag: 'style', children: STYLES.text, injectTo: 'head-prepend' as const }],
};

export default defineConfig({
  plugins: [react(), reportStyles],
  build: { target: 'es2022', sourcemap: false, assetsInlineLimit: 0 },
});
