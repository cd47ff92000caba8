import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { type Config, whereRunning } from '../config.ts';

interface TemporalState {
  cli: string | null;
  address: string | null;
  text: string;
}

export async function temporalState(config: Config): Promise<TemporalState> {
  const { temporal } = whereRunning(config);
  const cli = await promisify(execFile)(config.temporalCli, ['--version']).then(
    ({ stdout }) => stdout.trim(),
    () => null
  );
  const where = temporal ? `running at ${temporal}` : 'not running; `stepdown up` starts it';
  return {
    cli,
    address: temporal ?? null,
    text: cli ? `${cli}; ${where}` : `no CLI at ${config.temporalCli}: run npm run setup`,
  };
}
