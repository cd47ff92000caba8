import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { isAbsolute, join, relative, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { ArtifactRef } from '../domain/artifact.ts';
import { Refusal } from './errors.ts';

/** The path of an artifact that is there and whole; refuses one that is missing, damaged or outside of the store. */
export async function verifiedModelFile(artifacts: string, { uri, sha256, bytes }: ArtifactRef): Promise<string> {
  const folder = resolve(artifacts);
  const path = resolve(join(folder, uri));
  const inside = relative(folder, path);
  if (inside === '' || inside.startsWith('..') || isAbsolute(inside))
    throw new Refusal(422, `artifact '${uri}' is not inside the artifact store`);
  const found = await stat(path).catch(() => undefined);
  if (!found?.isFile()) throw new Refusal(422, `artifact '${uri}' is not in the artifact store`);
  if (found.size !== bytes) throw new Refusal(422, `artifact '${uri}' has ${found.size} bytes, ${bytes} were expected`);
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  if (hash.digest('hex') !== sha256) throw new Refusal(422, `artifact '${uri}' does not have the content it names`);
  return path;
}
