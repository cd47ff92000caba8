import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Browser, chromium, type LaunchOptions } from 'playwright-core';
import { NoBrowser, PACKAGE } from './no-browser.ts';

// As root, and in most containers, the sandbox does not start; what is shown is ours, and PDF runs no script of it.
const FLAGS = ['--no-sandbox', '--disable-gpu'];

/** The npm package's place, which is built for Linux on x86-64 alone; undefined where it is not installed. */
function packaged(): string | undefined {
  if (process.platform !== 'linux' || process.arch !== 'x64') return undefined;
  try {
    return fileURLToPath(new URL('../bin', import.meta.resolve(PACKAGE)));
  } catch {
    return undefined;
  }
}

export const isBrowserHere = (path: string | undefined): boolean => path !== undefined || packaged() !== undefined;

/** Chromium at `path`, else the one of the npm package. Throws `NoBrowser`. `close` removes what was unpacked. */
export async function startBrowser(
  path: string | undefined
): Promise<{ browser: Browser; close: () => Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'stepdown-chromium-'));
  const remove = () => rm(folder, { recursive: true, force: true });
  try {
    const options: LaunchOptions = path ? { executablePath: path } : await unpacked(folder);
    const browser = await chromium.launch({ ...options, args: FLAGS });
    return { browser, close: () => browser.close().finally(remove) };
  } catch (error) {
    await remove();
    if (error instanceof NoBrowser) throw error;
    throw new NoBrowser(`${path ?? PACKAGE} does not start: ${String(error).split('\n')[0]}`);
  }
}

/** The package's own list names folders of another machine. The system's fonts, where it has any, bring more signs. */
async function fontsFile(folder: string, packaged: string): Promise<string> {
  const path = join(folder, 'fonts.conf');
  const folders = [packaged, '/usr/share/fonts', '/usr/local/share/fonts'].map((dir) => `<dir>${dir}</dir>`);
  await writeFile(
    path,
    `<fontconfig>${folders.join('')}<cachedir>${join(folder, 'font-cache')}</cachedir></fontconfig>\n`
  );
  return path;
}

/** With the fonts and libraries that a bare system lacks. The package unpacks to the folder for temporary files. */
async function unpacked(folder: string): Promise<LaunchOptions> {
  const packed = packaged();
  if (!packed) throw new NoBrowser('none on the PATH');
  const { inflate } = await import('@sparticuz/chromium');
  const before = process.env.TMPDIR;
  process.env.TMPDIR = folder;
  try {
    const files = ['chromium.br', 'fonts.tar.br', 'al2023.tar.br'].map((name) => inflate(join(packed, name)));
    const [executablePath, fonts, libraries] = await Promise.all(files);
    const env = {
      ...process.env,
      LD_LIBRARY_PATH: join(libraries!, 'lib'),
      FONTCONFIG_FILE: await fontsFile(folder, fonts!),
    };
    return { executablePath, env: env as Record<string, string> };
  } finally {
    if (before === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = before;
  }
}
