import { execFile } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { loadConfig } from '../../src/config.ts';
import { environment } from '../environment.ts';

const PEERS = fileURLToPath(new URL('./peers', import.meta.url));

/** Scripts in `peers/` and the environment that each needs; without one, Stepdown's own. */
export const PEER = {
  'ONNX Runtime, static, all defaults': { script: 'ort_peer.py', searches: false },
  'Optimum, dynamic, its preset': {
    script: 'optimum_peer.py',
    requirements: '../../../toolkits/environments/optimum.txt',
    searches: false,
  },
  'NNCF with accuracy control': { script: 'nncf_peer.py', requirements: 'nncf.txt', searches: true },
  'Intel Neural Compressor': { script: 'inc_peer.py', requirements: 'neural-compressor.txt', searches: true },
} as const;

export type PeerName = keyof typeof PEER;

/** What a peer is given: a model, rows to calibrate with and to judge by, the accuracy it may lose as a share. */
export interface PeerJob {
  model: string;
  calibration: string;
  selection: string;
  /** To calibrate with. */
  rows: number;
  margin: number;
  /** One scale for all weights of a layer, as a planted layer cannot stand it. */
  perTensor?: boolean;
  output: string;
}

export interface PeerAnswer {
  /** Null where it made nothing. */
  path: string | null;
  fullEvaluations: number;
  minutes: number;
  /** Layers with weights that it left in FP32. */
  float: string[];
  note: string | null;
}

/** Plays one peer, for so many milliseconds at most. */
export async function askPeer(name: PeerName, job: PeerJob, timeout: number): Promise<PeerAnswer> {
  const peer: { script: string; requirements?: string } = PEER[name];
  const python = peer.requirements ? await environment(join(PEERS, peer.requirements)) : loadConfig().python;
  const started = performance.now();
  try {
    const cwd = dirname(job.output); // some leave models and snapshots where they run
    const options = { timeout, killSignal: 'SIGKILL' as const, cwd, maxBuffer: 1 << 26 };
    const { stdout } = await promisify(execFile)(python, [join(PEERS, peer.script), JSON.stringify(job)], options);
    return JSON.parse(stdout.trim().split('\n').at(-1)!) as PeerAnswer;
  } catch (error) {
    const { killed, stderr = '' } = error as { killed?: boolean; stderr?: string };
    const fullEvaluations = stderr.match(/^evaluation \d+/gm)?.length ?? 0;
    const note = killed
      ? `not finished after ${(timeout / 60_000).toFixed(1)} minutes`
      : stderr.trim().split('\n').at(-1)!;
    return { path: null, fullEvaluations, minutes: (performance.now() - started) / 60_000, float: [], note };
  }
}
