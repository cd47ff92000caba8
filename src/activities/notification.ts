import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { activityInfo, heartbeat, log } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import { createTransport, type SendMailOptions } from 'nodemailer';
import { canonicalJson } from '../domain/canonical-json.ts';
import type { GateStatus } from '../domain/decision.ts';
import { FailureType } from '../domain/errors.ts';
import { composeMail, type Mail } from '../report/mail.ts';
import { messageOf, type NotifyInput, type Recipient } from '../report/message.ts';
import { composeWebhook } from '../report/webhook.ts';
import { writeAtomically } from '../storage/atomic-write.ts';
import { postToWebhook } from './webhook.ts';

interface Dependencies {
  /** Without it mails are written to the outbox folder. */
  smtpUrl?: string;
  mailFrom: string;
  outboxFolder: string;
  /** Where one person decides a gate; each approver gets a mail of their own then. */
  decisionLink?: (gate: GateStatus, email: string) => string;
  /** A second channel; a secret. */
  webhookUrl?: string;
  /** Of the dashboard, for the channel's readers. */
  publicUrl?: string;
}

interface Notified {
  messageId: string;
  delivered: 'smtp' | 'outbox';
  /** What was refused for good, where something else was not. */
  refused?: string[];
}

/** One letter, or the message to the channel. */
interface Delivery {
  /** The same in every attempt. */
  id: string;
  send(): Promise<void>;
}

interface SmtpError extends Error {
  responseCode?: number;
  rejectedErrors?: SmtpError[];
}

const ADDRESS = /^[^\s<>()[\],;:"\\@]+@[^\s<>()[\],;:"\\@]+$/;
const PERMANENT = 500; // SMTP: 4xx asks to try again, 5xx refuses for good
const TIMEOUTS = { connectionTimeout: 10_000, greetingTimeout: 10_000, socketTimeout: 20_000, dnsTimeout: 10_000 }; // together below the activity's minute

/** Mail to people, and a message to their channel. The same input has the same Message-ID however often it is tried. */
export const createNotificationActivities = (dependencies: Dependencies) => {
  const { smtpUrl, mailFrom, outboxFolder, decisionLink, webhookUrl, publicUrl } = dependencies;
  const smtp =
    smtpUrl === undefined ? undefined : createTransport({ ...TIMEOUTS, ...credentialsNeedTls(smtpUrl), url: smtpUrl });
  const composer = createTransport({ streamTransport: true, buffer: true, newline: 'windows' });
  const keep = async (letter: SendMailOptions): Promise<void> => {
    const { message } = await composer.sendMail(letter);
    await writeAtomically(join(outboxFolder, outboxName(letter)), message as Buffer);
  };
  /** What the mail server refuses for good is kept in the outbox with its reason. */
  const deliver = async (letter: SendMailOptions): Promise<void> => {
    if (!smtp) return keep(letter);
    const { messageId } = letter;
    try {
      const sent = await smtp.sendMail(letter).catch((error: SmtpError) => {
        throw translated(error);
      });
      if (sent.rejected.length === 0) return;
      const refusals = (sent.rejectedErrors ?? []) as SmtpError[];
      if (!refusals.every(isPermanent))
        throw new Error(`not everybody was reached: ${refusals.map(({ message: said }) => said)}`);
      log.warn('recipients were refused', { messageId, rejected: sent.rejected });
      await keep(refusedLetter(letter, refusals.map(({ message: said }) => said).join('; ')));
    } catch (error) {
      if (error instanceof ApplicationFailure) await keep(refusedLetter(letter, error.message));
      throw error;
    }
  };
  /** What the webhook refuses for good is kept beside the mails, with its reason. */
  const post = async (url: string, input: NotifyInput): Promise<void> => {
    const body = composeWebhook(input, publicUrl);
    await postToWebhook(url, body).catch(async (error: Error) => {
      if (isFinal(error))
        await writeAtomically(
          join(outboxFolder, webhookName(input)),
          JSON.stringify({ refused: error.message, ...body })
        );
      throw error;
    });
  };
  return {
    async notify(input: NotifyInput): Promise<Notified> {
      const reached = new Set<string>(activityInfo().heartbeatDetails ?? []);
      const failures: Error[] = [];
      const letters = lettersOf(input, mailFrom, decisionLink);
      const deliveries: Delivery[] = [
        ...letters.map((letter) => ({ id: letter.messageId!, send: () => deliver(letter) })),
        ...(webhookUrl ? [{ id: 'webhook', send: () => post(webhookUrl, input) }] : []),
      ];
      for (const { id, send } of deliveries) {
        if (reached.has(id)) continue;
        try {
          await send();
          heartbeat([...reached.add(id)]); // a retry leaves out whom this attempt reached
        } catch (error) {
          failures.push(error as Error);
        }
      }
      const passing = failures.find((error) => !isFinal(error));
      if (passing) throw passing;
      if (failures.length === deliveries.length) throw failures[0];
      const refused = failures.map(({ message }) => message);
      const messageId = letters[0]!.messageId!;
      return { messageId, delivered: smtp ? 'smtp' : 'outbox', ...(refused.length > 0 && { refused }) };
    },
  };
};

const isFinal = (error: Error): boolean => error instanceof ApplicationFailure && error.nonRetryable === true;

export type NotificationActivities = ReturnType<typeof createNotificationActivities>;

/** One letter for all, or one each where everybody has a link of their own. */
function lettersOf(
  input: NotifyInput,
  mailFrom: string,
  decisionLink: Dependencies['decisionLink']
): SendMailOptions[] {
  const { kind } = input;
  const isPersonal = decisionLink && (kind === 'gate-opened' || kind === 'gate-reminder');
  if (!isPersonal) return [letterOf(composeMail(input), { digest: digestOf(input), mailFrom, kind })];
  return input.gate.approvers.map((person) => {
    const own = { ...input, gate: { ...input.gate, approvers: [person] } };
    const mail = composeMail(own, decisionLink(input.gate, person.email));
    return letterOf(mail, { digest: digestOf(own), mailFrom, kind });
  });
}

const digestOf = (input: NotifyInput): string => createHash('sha256').update(canonicalJson(input)).digest('hex');

function letterOf(
  { to, engagement, subject, text, html }: Mail,
  { digest, mailFrom, kind }: { digest: string; mailFrom: string; kind: string }
): SendMailOptions {
  const domain = /@([\w.-]+)>?\s*$/.exec(mailFrom)?.[1] ?? 'stepdown.invalid';
  return {
    from: mailFrom,
    to: to.map(addressOf),
    subject,
    text,
    html,
    messageId: `<${digest.slice(0, 32)}@${domain}>`,
    date: new Date(activityInfo().scheduledTimestampMs), // of the first attempt, so that a retry writes the same file
    headers: {
      'Auto-Submitted': 'auto-generated',
      'X-Stepdown-Engagement': fileWord(engagement),
      'X-Stepdown-Kind': kind,
    },
    disableFileAccess: true,
    disableUrlAccess: true,
  };
}

function addressOf({ name, email }: Recipient): { name: string; address: string } {
  if (!ADDRESS.test(email)) throw refused(`'${email}' is not a mail address`);
  return { name: name.replace(/\p{Cc}+/gu, ' '), address: email };
}

function outboxName({ date, messageId, headers }: SendMailOptions): string {
  const { 'X-Stepdown-Engagement': engagement, 'X-Stepdown-Kind': kind } = headers as Record<string, string>;
  return `${timeWord(date as Date)}-${kind}-${engagement}-${messageId!.slice(1, 9)}.eml`;
}

function webhookName(input: NotifyInput): string {
  const time = timeWord(new Date(activityInfo().scheduledTimestampMs));
  const engagement = fileWord(messageOf(input).engagement);
  return `${time}-${input.kind}-${engagement}-${digestOf(input).slice(0, 8)}.webhook.json`;
}

const timeWord = (date: Date): string => date.toISOString().replace(/[-:]|\.\d+/g, '');

const refusedLetter = (letter: SendMailOptions, reason: string): SendMailOptions => ({
  ...letter,
  headers: { ...(letter.headers as Record<string, string>), 'X-Stepdown-Refused': reason.replace(/\s+/g, ' ') },
});

const fileWord = (text: string): string => text.replace(/[^\w-]+/g, '_').slice(0, 80);

/** A password goes over the wire encrypted, or not at all; the server on this machine is excepted. */
function credentialsNeedTls(url: string): { requireTLS?: boolean } {
  const { username, hostname, protocol } = new URL(url);
  const isLocal = ['localhost', '127.0.0.1', '[::1]'].includes(hostname);
  return username && protocol === 'smtp:' && !isLocal ? { requireTLS: true } : {};
}

function translated(error: SmtpError): Error {
  const causes = error.rejectedErrors?.length ? error.rejectedErrors : [error];
  return causes.every(isPermanent)
    ? refused(error.message)
    : new Error(`the mail server did not take the mail: ${error.message}`);
}

const isPermanent = ({ responseCode }: SmtpError): boolean => (responseCode ?? 0) >= PERMANENT;

const refused = (reason: string): ApplicationFailure =>
  ApplicationFailure.nonRetryable(
    `the mail was refused: ${reason}; correct the address or the mail server's settings`,
    FailureType.MailRefused
  );
