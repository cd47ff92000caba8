import { basename } from 'node:path';

/** How this process was called, such as `npx stepdown`; the launcher names it so. */
const CALLED = basename(process.argv0).includes('stepdown') ? process.argv0 : 'stepdown';
const HINT = /(?<![\w/.-]|npx )stepdown (?=[a-z-])/g;

/** Hints are written as `stepdown up`; a person reads them as what can be typed here. */
export const asCalled = (text: string): string => text.replace(HINT, `${CALLED} `);
