import { fileURLToPath } from 'node:url';
import { ApplicationFailure } from '@temporalio/common';
import { FailureType } from '../domain/errors.ts';
import { jsonOf } from '../domain/json.ts';
import { NO_TELEMETRY } from '../domain/no-telemetry.ts';
import { lastWordsOf, runTool } from './process.ts';

const TOOLKITS = fileURLToPath(new URL('../../toolkits', import.meta.url));
const EXIT = { done: 0, badRequest: 2, unavailable: 3 } as const;

/** How far a toolkit is: `stage` in its own words, `done` of `total`. */
interface ToolkitProgress {
  stage: string;
  done: number;
  total: number;
}

export interface ToolkitRun {
  python: string;
  toolkit: string;
  verb: string;
  /** Sent on stdin as JSON; `outputFolder` in it is where the toolkit writes. */
  job: object;
  signal: AbortSignal;
  onProgress?: (progress: ToolkitProgress) => void;
  stderrPath: string;
}

type Line =
  | ({ type: 'progress' } & ToolkitProgress)
  | { type: 'result' }
  | { type: 'error'; message: string; problems?: { field: string; value: unknown; message: string }[] };

/**
 * Runs one verb of a Python toolkit. A bad request and a missing capability are permanent failures; everything else is
 * a plain error with the tool's last words, which Temporal retries.
 */
export async function runToolkit<T>(run: ToolkitRun): Promise<T> {
  const { python, toolkit, verb, job, signal, onProgress, stderrPath } = run;
  let last: Line | undefined;
  const code = await runTool(python, ['-m', 'stepdown_toolkits', toolkit, verb], {
    env: environment(),
    signal,
    stdin: JSON.stringify(job),
    stderrPath,
    onLine: (text) => {
      const line = parse(text);
      if (line?.type === 'progress') onProgress?.(line);
      else last = line ?? last;
    },
  });
  if (code === EXIT.done && last?.type === 'result') {
    const { type: _, ...result } = last;
    return result as T;
  }
  const problems = last?.type === 'error' ? last.problems : undefined;
  const said = last?.type === 'error' ? last.message : await lastWordsOf(stderrPath);
  if (code === EXIT.badRequest) throw ApplicationFailure.nonRetryable(said, FailureType.BadRequest, { problems });
  if (code === EXIT.unavailable)
    throw ApplicationFailure.nonRetryable(`not available here: ${said}`, FailureType.NotAvailable);
  throw new Error(
    `${toolkit} ${verb} ${code < 0 ? 'was killed' : `ended with exit code ${code}`}: ${said || 'it said nothing'}`
  );
}

/** What a toolkit may see of the worker's environment: no tokens, no addresses. */
function environment(): Record<string, string> {
  const kept = ['PATH', 'HOME', 'LANG', 'TMPDIR', 'LD_LIBRARY_PATH'].flatMap((name) => {
    const value = process.env[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return {
    ...Object.fromEntries(kept),
    ...NO_TELEMETRY,
    PYTHONPATH: TOOLKITS,
    PYTHONUNBUFFERED: '1',
    PYTHONHASHSEED: '0',
  };
}

/** Undefined for what is not ours: a library wrote to the real stdout. */
function parse(text: string): Line | undefined {
  const line = jsonOf(text) as Line | null | undefined;
  return ['progress', 'result', 'error'].includes(line?.type ?? '') ? line! : undefined;
}
