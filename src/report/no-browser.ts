export const PACKAGE = '@sparticuz/chromium';

/** There is no Chromium; the message says what to install. */
export class NoBrowser extends Error {
  constructor(why: string) {
    super(
      `no Chromium is here to print with (${why}): install one (Debian: apt-get install chromium), on Linux x86-64 ` +
        `\`npm install ${PACKAGE}\`, or name one in STEPDOWN_CHROMIUM`
    );
  }
}
