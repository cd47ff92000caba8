import { createHash, randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { copyFile, mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, extname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { ArtifactRef } from '../domain/artifact.ts';
import { canonicalJson } from '../domain/canonical-json.ts';
import { artifactDamaged } from '../domain/errors.ts';
import { writeAtomically } from './atomic-write.ts';

export const sha256 = (content: string | Uint8Array): string => createHash('sha256').update(content).digest('hex');

async function sha256OfFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}

/** Files named by the SHA-256 of their content, in a directory. Storing the same content twice stores it once. */
export class ArtifactStore {
  readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
  }

  /** Copies a file in; the name's extension is kept so that people recognise what they find. */
  async putFile(path: string): Promise<ArtifactRef> {
    const ref = this.refFor(await sha256OfFile(path), (await stat(path)).size, extname(path));
    const target = this.path(ref);
    if (await exists(target)) return ref;
    await mkdir(dirname(target), { recursive: true });
    const partial = `${target}.${randomUUID()}.partial`;
    try {
      await copyFile(path, partial);
      const file = await open(partial, 'r+');
      await file.sync().finally(() => file.close());
      await rename(partial, target);
    } catch (error) {
      await rm(partial, { force: true });
      throw error;
    }
    return ref;
  }

  async putText(text: string, extension: string): Promise<ArtifactRef> {
    const ref = this.refFor(sha256(text), Buffer.byteLength(text), extension);
    if (!(await exists(this.path(ref)))) await writeAtomically(this.path(ref), text);
    return ref;
  }

  putJson(value: unknown): Promise<ArtifactRef> {
    return this.putText(`${canonicalJson(value)}\n`, '.json');
  }

  /** Where the content lies; not checked. */
  path(ref: ArtifactRef): string {
    return join(this.folder, ref.uri);
  }

  /** The path, after its content was compared with the hash. Throws `ArtifactDamaged`. */
  async verified(ref: ArtifactRef): Promise<string> {
    const path = this.path(ref);
    const actual = (await exists(path)) ? await sha256OfFile(path) : 'missing';
    if (actual !== ref.sha256) throw artifactDamaged(ref.uri, ref.sha256, actual);
    return path;
  }

  async readJson<T>(ref: ArtifactRef): Promise<T> {
    return JSON.parse(await readFile(await this.verified(ref), 'utf8')) as T;
  }

  private refFor(digest: string, bytes: number, extension: string): ArtifactRef {
    return { uri: `${digest.slice(0, 2)}/${digest.slice(2)}${extension}`, sha256: digest, bytes };
  }
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false
  );
}
