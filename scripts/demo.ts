import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { parseArgs } from 'node:util';
import { parse, stringify } from 'yaml';
import { withClient } from '../src/cli/connection.ts';
import { decide } from '../src/cli/decide.ts';
import { kickOffChecked, statusOf } from '../src/cli/engagements.ts';
import { closingText, gateText } from '../src/cli/output.ts';
import { liveTerminal } from '../src/cli/print.ts';
import { readSpecFile } from '../src/cli/spec-file.ts';
import { follow } from '../src/cli/watch.ts';
import { type Config, loadConfig, whereRunning } from '../src/config.ts';
import type { GateStatus, Outcome } from '../src/domain/decision.ts';
import { PACKAGES } from '../src/domain/packages.ts';
import type { Spec } from '../src/domain/spec.ts';
import { bringUp } from '../src/embedded/up.ts';
import { writeAtomically } from '../src/storage/atomic-write.ts';

const USAGE = `npm run demo -- [--yes] [--json] [--example <name>]

Runs one real engagement from kick-off to the closing report, on this machine, with everything embedded.
  --yes       approve every gate that passed as 'demo'; this is how it behaves without a terminal
  --json      the last line of the output is the closing document
  --example   a folder under examples/ that has an engagement.yaml; newswire by default`;

/** Minutes to days in a real engagement; the report prints the holds that were used. */
const DEMO_ROLLOUT = { minimumHold: '5 seconds', maximumHold: '20 minutes', minimumPairs: 150 };
/** A window of 7 days that last 5 seconds each, and enough comparisons to show something. */
const DEMO_SUPPORT = { days: 7, day: '5 seconds', looksPerDay: 2, sample: 0.2 };
const DEMO_APPROVER = { name: 'demo', email: 'demo@localhost.example' };
const PLAYER_LIMIT_SECONDS = 3600;

const { values: flags } = parseArgs({
  options: {
    yes: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    example: { type: 'string', default: 'newswire' },
    help: { type: 'boolean', default: false },
  },
});
if (flags.help) {
  process.stdout.write(`${USAGE}\n`);
  process.exit(0);
}
const examples = readdirSync('examples').filter((name) => existsSync(join('examples', name, 'engagement.yaml')));
if (!examples.includes(flags.example)) {
  process.stderr.write(`--example ${flags.example}: there is no such example; give one of ${examples.join(', ')}\n`);
  process.exit(2);
}
const isAsking = !flags.yes && Boolean(process.stdin.isTTY);
const started = performance.now();
const { say, onProgress } = liveTerminal(flags.json ? process.stderr : process.stdout, {
  stamp: (line) => `${((performance.now() - started) / 1000).toFixed(0).padStart(4)} s  ${line}`,
});

process.exitCode = await main();

async function main(): Promise<number> {
  const home = join('.stepdown', `demo-${new Date().toISOString().replace(/[:.]/g, '-')}`);
  mkdirSync(home, { recursive: true });
  process.env.STEPDOWN_HOME = home; // the commands below read it, as they would on a person's terminal
  const config = loadConfig();
  if (!makeExample(config)) return 1;
  const specPath = await writeDemoSpec(config);
  const stopping = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stopping.abort());
  say(isAsking ? 'the gates will ask you; `--yes` approves them as demo' : 'gates that passed are approved as demo');
  const up = await bringUp(config, say);
  say(`Temporal's own pages, until the demo ends: ${up.ui}`);
  const players: ChildProcess[] = [];
  try {
    return await engage(config, specPath, stopping.signal, players);
  } catch (error) {
    if (stopping.signal.aborted) say('stopped; nothing of it is left running');
    else say(`the demo ended early: ${error instanceof Error ? error.message : error}`);
    return stopping.signal.aborted ? 130 : 1;
  } finally {
    for (const player of players) player.kill('SIGTERM');
    await up.stop();
  }
}

/** An example with a make.py is made when it is first used; nothing happens where it is up to date. */
function makeExample({ python }: Config): boolean {
  const script = join('examples', flags.example, 'make.py');
  if (!existsSync(script)) return true;
  say(`${script} makes the example where it is not made yet`);
  const { status } = spawnSync(python, [script], { stdio: ['ignore', process.stderr.fd, 'inherit'] });
  if (status !== 0) say(`the example could not be made; remove examples/${flags.example}/build and try again`);
  return status === 0;
}

/** The example's specification with the demo's holds and its approver beside the real ones. */
async function writeDemoSpec(config: Config): Promise<string> {
  const source = resolve('examples', flags.example, 'engagement.yaml');
  const document = parse(readFileSync(source, 'utf8'));
  const rebased = (path: string) => relative(config.home, resolve(dirname(source), path));
  for (const key of ['path', 'tokenizer', 'labels']) document.model[key] = rebased(document.model[key]);
  for (const [role, path] of Object.entries(document.data))
    if (role !== 'columns') document.data[role] = rebased(path as string);
  document.gates.approvers.push(DEMO_APPROVER);
  Object.assign(document.rollout, DEMO_ROLLOUT);
  document.support = { ...document.support, ...DEMO_SUPPORT };
  const path = join(config.home, 'engagement.yaml');
  await writeAtomically(path, stringify(document));
  return path;
}

async function engage(config: Config, specPath: string, signal: AbortSignal, players: ChildProcess[]): Promise<number> {
  const file = readSpecFile(specPath);
  const { spec } = file;
  return withClient(async (client) => {
    const { artifacts } = config.folders;
    await kickOffChecked(client, file, { artifacts, startedBy: DEMO_APPROVER.name, onProgress });
    say(`kicked off ${spec.engagement}: ${spec.model.name}, package ${spec.package}, specification ${specPath}`);
    const document = await follow(client, spec.engagement, {
      signal,
      onProgress,
      say: (line) => {
        say(line);
        if (line === 'working on rollout') void play(config, spec, client, players);
      },
      atGate: async (gate) => {
        const { outcome, comment } = await answer(gate);
        await decide(client, spec.engagement, { gate: gate.gate, outcome, comment, by: DEMO_APPROVER.email });
        say(`gate '${gate.gate}': ${outcome} by ${DEMO_APPROVER.name}`);
      },
    });
    const usual = parse(readFileSync(join('examples', flags.example, 'engagement.yaml'), 'utf8')).rollout.minimumHold;
    say(`closed; each stage was held for ${DEMO_ROLLOUT.minimumHold}, where the example's specification says ${usual}`);
    say(
      `a day of the support window lasted ${DEMO_SUPPORT.day}; the window is ${PACKAGES.professional.supportDays} days otherwise`
    );
    say(`all of it is kept in ${config.home}: delete it when you are done`);
    say(`check it: STEPDOWN_HOME=${relative('.', config.home)} npx stepdown verify ${spec.engagement}`);
    process.stdout.write(`${flags.json ? JSON.stringify(document) : closingText(document)}\n`);
    return document.verdict === 'successful' ? 0 : 1;
  });
}

/** Production traffic: rows of the production role, drawn with replacement, their labels late. */
async function play(
  config: Config,
  spec: Spec,
  client: Parameters<typeof statusOf>[0],
  players: ChildProcess[]
): Promise<void> {
  const { state } = await statusOf(client, spec.engagement);
  const data = join(config.folders.artifacts, state.preparation!.data.production!.arrow.uri);
  const { gateway } = whereRunning(config);
  const target = ['--gateway', gateway!, '--model', spec.model.name, '--data', data];
  const pace = ['--rate', 'max', '--seconds', String(PLAYER_LIMIT_SECONDS), '--label-delay-ms', '1000', '--seed', '7'];
  const player = spawn(process.execPath, [...process.execArgv, 'bench/player.ts', ...target, ...pace], {
    stdio: 'ignore',
  });
  players.push(player);
  say('traffic is playing');
}

async function answer(gate: GateStatus): Promise<{ outcome: Outcome; comment: string }> {
  const passed = gate.verdict === 'successful';
  if (!isAsking)
    return passed
      ? { outcome: 'approved', comment: 'approved by the demo' }
      : { outcome: 'rejected', comment: 'the demo approves only what passed its quality gate' };
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  try {
    process.stdout.write(`\n${gateText(gate)}\n`);
    const choice = await terminal.question(passed ? '[a]pprove or [r]eject? ' : '[w]aive or [r]eject? ');
    const outcome = passed && /^(a|y|$)/i.test(choice) ? 'approved' : /^w/i.test(choice) ? 'waived' : 'rejected';
    return { outcome, comment: outcome === 'approved' ? '' : await terminal.question('why? ') };
  } finally {
    terminal.close();
  }
}
