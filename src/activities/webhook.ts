import { ApplicationFailure } from '@temporalio/common';
import { FailureType, lastWords } from '../domain/errors.ts';
import type { WebhookBody } from '../report/webhook.ts';

const TIMEOUT_MS = 8_000; // with those of a mail below the activity's minute
const LONGEST_WAIT_S = 600; // notify gives up after an hour
const SAID = 200; // characters of an answer that are told

/**
 * Posts to an incoming webhook. Throws `WebhookRefused` where no retry mends it, else an error to try again after, with
 * the time that the server asks for. The address is a secret: no message has more of it than the host.
 */
export async function postToWebhook(url: string, body: WebhookBody): Promise<void> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
    redirect: 'manual', // whoever it leads to is not who was configured
    signal: AbortSignal.timeout(TIMEOUT_MS),
  }).catch((error: Error & { cause?: { code?: string } }) => {
    throw new Error(`the webhook at ${hostOf(url)} did not answer: ${error.cause?.code ?? lastWords(error)}`);
  });
  const said = (await response.text().catch(() => '')).slice(0, SAID);
  if (response.ok) return;
  const reason = `the webhook at ${hostOf(url)} answered ${response.status}: ${withoutAddress(said, url) || response.statusText}`;
  if (response.status !== 429 && response.status < 500)
    throw ApplicationFailure.nonRetryable(`${reason}; correct STEPDOWN_WEBHOOK_URL`, FailureType.WebhookRefused);
  const wait = Number(response.headers.get('retry-after'));
  if (!(wait > 0)) throw new Error(reason);
  throw ApplicationFailure.create({ message: reason, nextRetryDelay: `${Math.min(wait, LONGEST_WAIT_S)} seconds` });
}

const hostOf = (url: string): string => new URL(url).host;

/** Servers repeat what they were asked for. */
function withoutAddress(said: string, url: string): string {
  const { pathname, search } = new URL(url);
  const parts = [...pathname.split('/'), search].filter((part) => part.length > 3);
  return parts.reduce((text, part) => text.replaceAll(part, '…'), said.replace(/\s+/g, ' ').trim());
}
