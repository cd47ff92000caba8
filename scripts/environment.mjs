// Virtual environments of pinned Python packages, made when they are needed.
import * as fs from 'node:fs';
import * as path from 'node:path';
import { hash, ROOT, read, run, SetupError } from './setup-process.mjs';

const MOST_BYTES = 3e9; // of the largest environment, with what pip unpacks beside it
const ENVIRONMENTS = path.join(ROOT, 'toolkits/environments');

let python;
/** Only asked for when a virtual environment has to be made. */
function findPython() {
  python ??= (async () => {
    const command = process.env.STEPDOWN_PYTHON || 'python3.11';
    const advice =
      'install Python 3.11 with its venv module (python3.11 and python3.11-venv on Debian and Ubuntu), ' +
      'or set STEPDOWN_PYTHON to its path';
    const ask = 'import sys, ensurepip, venv; print("version=%d.%d" % sys.version_info[:2])';
    const version = /version=(\S+)/.exec(await run(command, ['-c', ask], { advice }))?.[1];
    if (version !== '3.11') throw new SetupError(`${command} is Python ${version}, not 3.11`, advice);
    return command;
  })();
  return python;
}

/** What is asked for by a name in toolkits/environments, or by a requirements file. */
export function environmentOf(asked, tools) {
  const requirements = asked.endsWith('.txt') ? path.resolve(asked) : path.join(ENVIRONMENTS, `${asked}.txt`);
  const name = path.basename(requirements, '.txt');
  if (!fs.existsSync(requirements)) {
    const known = fs.readdirSync(ENVIRONMENTS).filter((file) => file.endsWith('.txt'));
    const names = known.map((file) => path.basename(file, '.txt')).join(', ');
    throw new SetupError(`there is no environment '${asked}'`, `name one of ${names}, or a requirements file`);
  }
  const folder = path.join(tools, name);
  const value = hash(fs.readFileSync(requirements, 'utf8'), folder); // a moved environment does not work
  return {
    name,
    requirements,
    folder,
    value,
    bin: path.join(folder, 'bin/python'),
    stamp: path.join(folder, '.stepdown-setup'),
  };
}

/** Whether it was finished with these requirements in this place; what became of its files is not asked. */
const isStamped = ({ stamp, value, bin }) => read(stamp) === value && fs.existsSync(bin);

/** `installed`, `missing`, or `broken` with the reason; every file is looked at. */
export async function stateOf(environment) {
  const { folder, bin, requirements } = environment;
  if (!fs.existsSync(folder)) return { state: 'missing' };
  if (!isStamped(environment))
    return { state: 'broken', why: 'it was not finished, or was made for other requirements or another place' };
  try {
    const faults = (await run(bin, ['-I', path.join(ENVIRONMENTS, 'check.py'), requirements])).trim().split('\n');
    return faults[0] ? { state: 'broken', why: faults.slice(0, 3).join('; ') } : { state: 'installed' };
  } catch (err) {
    return { state: 'broken', why: `its Python does not run: ${err.message}` };
  }
}

/** Makes it unless it is finished; its stamp is written last, and what has none is made anew. False: nothing to do. */
export async function makeEnvironment(environment, { isSound = isStamped(environment), onLine } = {}) {
  if (isSound) return false;
  const { requirements, folder, value, bin, stamp } = environment;
  const command = await findPython();
  fs.rmSync(stamp, { force: true }); // first, so that a cut-off removal never passes for a finished environment
  fs.rmSync(folder, { recursive: true, force: true });
  requireSpace(path.dirname(folder));
  await run(command, ['-m', 'venv', folder], { advice: `remove ${folder} and run it again` });
  await run(bin, ['-m', 'pip', 'install', '--disable-pip-version-check', '--no-input', '-r', requirements], {
    advice: 'check that the Python package index can be reached, then run it again',
    onLine,
  });
  fs.writeFileSync(
    path.join(folder, 'lib/python3.11/site-packages/stepdown_toolkits.pth'),
    `${path.join(ROOT, 'toolkits')}\n`
  );
  fs.writeFileSync(stamp, value);
}

function requireSpace(folder) {
  const { bavail, bsize } = fs.statfsSync(folder);
  if (bavail * bsize >= MOST_BYTES) return;
  const left = (bavail * bsize) / 1e9;
  throw new SetupError(
    `${folder} has ${left.toFixed(1)} GB left`,
    `free ${MOST_BYTES / 1e9} GB there, then run it again`
  );
}
