import { loadConfig } from '../../src/config.ts';
import * as report from '../../src/report/browser.ts';

const { chromium } = loadConfig();

/** The Chromium that reports are printed with. */
export const isBrowserHere = (): boolean => report.isBrowserHere(chromium);
export const startBrowser = () => report.startBrowser(chromium);
