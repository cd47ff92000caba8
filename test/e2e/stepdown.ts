import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client, Connection } from '@temporalio/client';
import { stringify } from 'yaml';
import { type EngagementStatus, statusOf } from '../../src/cli/engagements.ts';
import type { CandidateResult, ClosingDocument } from '../../src/domain/engagement.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const BUILD = join(ROOT, 'examples/newswire/build');
const CLI = join(ROOT, 'bin/stepdown.mjs');
export const APPROVER = 'ana@example.org';

export interface Answer {
  code: number;
  stdout: string;
  stderr: string;
}

/** A Stepdown of its own in a temporary folder, driven as people drive it: by the command line. */
export class Stepdown {
  readonly home = mkdtempSync(join(tmpdir(), 'stepdown-e2e-'));
  private up?: ChildProcess;
  private player?: ChildProcess;

  /** Starts `stepdown up` and waits until it says that it is. */
  async start(): Promise<void> {
    const up = spawn(CLI, ['up', '--json'], { env: this.env(), stdio: ['ignore', 'pipe', 'pipe'] });
    this.up = up;
    let said = '';
    up.stderr.on('data', (text) => {
      said += text;
    });
    await new Promise<void>((resolve, reject) => {
      up.stdout.once('data', () => resolve());
      up.once('exit', (code) => reject(new Error(`stepdown up ended with ${code}: ${said}`)));
    });
  }

  async cli(...args: string[]): Promise<Answer> {
    return new Promise((resolve) => {
      execFile(CLI, args, { env: this.env(), maxBuffer: 64 << 20 }, (error, stdout, stderr) =>
        resolve({ code: error ? Number(error.code ?? -1) : 0, stdout, stderr })
      );
    });
  }

  /** `stepdown watch`, with what it has said so far. */
  watch(name: string): { until: (words: string) => Promise<void>; code: Promise<number | null> } {
    const child = spawn(CLI, ['watch', name], { env: this.env(), stdio: ['ignore', 'pipe', 'inherit'] });
    let said = '';
    child.stdout.on('data', (text) => {
      said += text;
    });
    const code = new Promise<number | null>((resolve) => child.once('close', resolve));
    const until = async (words: string) => {
      const heard = () => said.includes(words);
      while (!heard() && child.exitCode === null)
        await once(child.stdout, 'data', { signal: AbortSignal.timeout(90_000) });
      if (!heard()) throw new Error(`watch did not say '${words}': ${said}`);
    };
    return { until, code };
  }

  async json<T>(...args: string[]): Promise<T> {
    const { code, stdout, stderr } = await this.cli(...args, '--json');
    if (code !== 0) throw new Error(`stepdown ${args.join(' ')} ended with ${code}: ${stdout}${stderr}`);
    return JSON.parse(stdout) as T;
  }

  /** Asks every half second, in this process: a command each time would take half a core from what is measured. */
  async until(name: string, what: string, holds: (status: EngagementStatus) => boolean): Promise<EngagementStatus> {
    const deadline = Date.now() + 600_000;
    for (;;) {
      const status = await this.status(name).catch(() => undefined);
      if (status && holds(status)) return status;
      if (Date.now() > deadline) throw new Error(`${what} did not come; last: ${JSON.stringify(status?.state.phases)}`);
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
  }

  private async status(name: string): Promise<EngagementStatus> {
    const connection = await Connection.connect({ address: this.running().temporal, connectTimeout: '2 seconds' });
    try {
      return await statusOf(new Client({ connection }), name);
    } finally {
      await connection.close();
    }
  }

  untilGate(name: string, gate: string): Promise<EngagementStatus> {
    return this.until(name, `gate ${gate}`, (status) => status.gate?.gate === gate);
  }

  /** Production traffic with late labels, until `stop`. */
  play(status: EngagementStatus): void {
    const { gateway } = this.running();
    const data = join(this.home, 'artifacts', status.state.preparation!.data.production!.arrow.uri);
    const target = ['--gateway', gateway, '--model', status.state.spec.model.name, '--data', data];
    const pace = ['--rate', '40', '--seconds', '600', '--label-delay-ms', '500', '--patience-ms', '60000'];
    const node = join(ROOT, 'node_modules/node/bin/node');
    this.player = spawn(node, [join(ROOT, 'bench/player.ts'), ...target, ...pace], { stdio: 'ignore' });
  }

  running(): { gateway: string; temporal: string; children: Record<string, { pid: number }> } {
    return JSON.parse(readFileSync(join(this.home, 'up.json'), 'utf8'));
  }

  pids(): number[] {
    return Object.values(this.running().children).map(({ pid }) => pid);
  }

  /** The hardest end there is, for a child or for the supervisor itself. */
  kill(name: 'temporal' | 'worker' | 'gateway' | 'up'): void {
    if (name === 'up')
      process.kill((JSON.parse(readFileSync(join(this.home, 'up.json'), 'utf8')) as { pid: number }).pid, 'SIGKILL');
    else process.kill(this.running().children[name]!.pid, 'SIGKILL');
  }

  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    this.player?.kill('SIGTERM');
    const { up } = this;
    if (!up || up.exitCode !== null || up.signalCode !== null) return;
    const ended = new Promise((resolve) => up.once('exit', resolve));
    up.kill(signal);
    await ended;
  }

  async dispose(): Promise<void> {
    await this.stop();
    rmSync(this.home, { recursive: true, force: true });
  }

  partialFiles(): string[] {
    return readdirSync(this.home, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.partial'));
  }

  private env(): NodeJS.ProcessEnv {
    const { TEMPORAL_ADDRESS: _, STEPDOWN_GATEWAY: __, ...env } = process.env;
    return { ...env, STEPDOWN_HOME: this.home };
  }
}

/** The newswire model with a few hundred rows of each role; returns the specification's path. */
export function smallEngagement(folder: string, name: string): string {
  const rows = { calibration: 200, selection: 200, holdout: 300, production: 200 };
  const data: Record<string, unknown> = { columns: {}, train: join(BUILD, 'data/train.jsonl') };
  for (const [role, count] of Object.entries(rows)) {
    const lines = readFileSync(join(BUILD, 'data', `${role}.jsonl`), 'utf8')
      .split('\n')
      .slice(0, count);
    data[role] = join(folder, `${role}.jsonl`);
    writeFileSync(join(folder, `${role}.jsonl`), `${lines.join('\n')}\n`);
  }
  const spec = {
    engagement: name,
    client: { name: 'Acme' },
    package: 'professional',
    model: {
      name: `${name}-model`,
      kind: 'onnx',
      path: join(BUILD, 'model.onnx'),
      task: 'text-classification',
      tokenizer: join(BUILD, 'tokenizer.json'),
      maxLength: 64,
      labels: join(BUILD, 'labels.json'),
    },
    data,
    // of all recipes only INT8 dynamic is so small (22.80 MB; the next 22.85): which one is chosen is not the host's to say
    quality: { metric: 'accuracy', marginPoints: 5, sliceMarginPoints: 10, maximumSizeMb: 22.83 },
    serving: { sloPercentile: 99, sloMs: 1000 },
    loadTest: { firstQueries: 100, maximumQueries: 200, maximumProbes: 3, resolution: 1.5 },
    calibration: { rows: 200 },
    search: { maximumTrials: 5 }, // each scheme, and one variant of what holds
    gates: { approvers: [{ name: 'Ana', email: APPROVER }] },
    support: { days: 0 },
    rollout: {
      stages: [5, 50, 100],
      minimumHold: '3 seconds',
      maximumHold: '3 minutes',
      minimumPairs: 60,
      disagreementPoints: 8,
      errorPoints: 10,
    },
  };
  const path = join(folder, 'engagement.yaml');
  writeFileSync(path, stringify(spec));
  return path;
}

/** In one order, whenever each was tried. */
const byId = (candidates: CandidateResult[]) => candidates.toSorted((a, b) => (a.id < b.id ? -1 : 1));

/** What must not depend on what was killed meanwhile. */
export function outcomeOf(status: EngagementStatus, document: ClosingDocument): object {
  const { state } = status;
  return {
    verdict: document.verdict,
    chosen: document.chosen,
    decisions: document.phases.map(({ name, decision }) => `${name}: ${decision?.outcome} by ${decision?.by}`),
    data: Object.values(state.preparation!.data).map((data) => data.arrow.sha256),
    candidates: byId(state.candidates).map(({ id, trial }) => ({
      id,
      model: trial?.quantized.model.sha256,
      predictions: trial?.predictions.arrow.sha256,
    })),
    stages: document.rollout?.stages.map(({ weight, verdict }) => `${weight} ${verdict}`),
    finalWeight: document.rollout?.finalWeight,
  };
}
