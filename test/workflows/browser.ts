import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { inflate } from '@sparticuz/chromium';
import { type Browser, chromium, type LaunchOptions } from 'playwright-core';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome'];
const FLAGS = ['--no-sandbox', '--disable-gpu']; // as root, which containers and CI often are, the sandbox does not start

/** This machine's Chromium, or the one from the npm registry, which is built for Linux on x86-64 alone. */
export const isBrowserHere = (): boolean => installed() !== undefined || isPackaged;

const isPackaged = process.platform === 'linux' && process.arch === 'x64';

function installed(): string | undefined {
  const folders = (process.env.PATH ?? '').split(delimiter);
  const found = NAMES.flatMap((name) => folders.map((folder) => join(folder, name))).find((path) => existsSync(path));
  return process.env.STEPDOWN_CHROMIUM ?? found;
}

/** `folder` holds what was unpacked; both go with `close`. */
export async function startBrowser(): Promise<{ browser: Browser; close: () => Promise<void> }> {
  const folder = mkdtempSync(join(tmpdir(), 'stepdown-chromium-'));
  const path = installed();
  const options: LaunchOptions = path ? { executablePath: path } : await unpacked(folder);
  const browser = await chromium.launch({ ...options, args: FLAGS });
  return {
    browser,
    close: async () => {
      await browser.close();
      rmSync(folder, { recursive: true });
    },
  };
}

/** With the libraries that a bare system lacks. The package unpacks to the folder for temporary files. */
async function unpacked(folder: string): Promise<LaunchOptions> {
  const packed = fileURLToPath(new URL('../bin', import.meta.resolve('@sparticuz/chromium')));
  const before = process.env.TMPDIR;
  process.env.TMPDIR = folder;
  try {
    const files = ['chromium.br', 'fonts.tar.br', 'al2023.tar.br'].map((name) => inflate(join(packed, name)));
    const [executablePath, fonts, libraries] = await Promise.all(files);
    // its own list of fonts names folders of another machine
    const list = join(folder, 'fonts.conf');
    const folders = [fonts!, '/usr/share/fonts'].map((dir) => `<dir>${dir}</dir>`).join('');
    writeFileSync(list, `<fontconfig>${folders}<cachedir>${join(folder, 'font-cache')}</cachedir></fontconfig>`);
    const env = { ...process.env, LD_LIBRARY_PATH: join(libraries!, 'lib'), FONTCONFIG_FILE: list };
    return { executablePath, env: env as Record<string, string> };
  } finally {
    if (before === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = before;
  }
}
