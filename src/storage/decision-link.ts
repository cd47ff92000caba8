import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { chmodSync, linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** What a link in a mail lets one person do: decide this gate on this evidence until then. */
export interface LinkClaims {
  /** Of the gate. */
  workflowId: string;
  evidenceSha256: string;
  email: string;
  expiresAt: string;
}

/** The key of a data directory, made when it is first needed; its owner alone can read it. */
export function linkKey(home: string): Buffer {
  const path = join(home, 'link.key');
  const present = () => Buffer.from(readFileSync(path, 'utf8').trim(), 'base64url');
  try {
    return present();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  mkdirSync(home, { recursive: true });
  const partial = `${path}.${process.pid}.partial`;
  writeFileSync(partial, `${randomBytes(32).toString('base64url')}\n`, { mode: 0o600 });
  chmodSync(partial, 0o600);
  try {
    linkSync(partial, path); // of worker and server, who may both be first, one wins
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    rmSync(partial);
  }
  return present();
}

/** Equal claims are the same link, so that a mail that is sent again has the same. */
export function signLink(key: Buffer, { workflowId, evidenceSha256, email, expiresAt }: LinkClaims): string {
  const content = Buffer.from(JSON.stringify([workflowId, evidenceSha256, email, expiresAt])).toString('base64url');
  return `${content}.${signature(key, content)}`;
}

/** Undefined when it was not signed with this key, or was changed since. */
export function readLink(key: Buffer, link: string): LinkClaims | undefined {
  const [content = '', given = ''] = link.split('.');
  const expected = signature(key, content);
  if (given.length !== expected.length || !timingSafeEqual(Buffer.from(given), Buffer.from(expected))) return undefined;
  const [workflowId, evidenceSha256, email, expiresAt] = JSON.parse(Buffer.from(content, 'base64url').toString());
  return { workflowId, evidenceSha256, email, expiresAt };
}

const signature = (key: Buffer, content: string): string =>
  createHmac('sha256', key).update(`decision-link:${content}`).digest('base64url');
