import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { activityInfo, log } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import { createTransport, type SendMailOptions } from 'nodemailer';
import { FailureType } from '../domain/errors.ts';
import { canonicalJson } from '../domain/recipe.ts';
import { composeMail, type Mail, type NotifyInput, type Recipient } from '../report/mail.ts';
import { writeAtomically } from '../storage/atomic-write.ts';

interface Dependencies {
  /** Without it mails are written to the outbox folder. */
  smtpUrl?: string;
  mailFrom: string;
  outboxFolder: string;
}

interface Delivery {
  messageId: string;
  delivered: 'smtp' | 'outbox';
}

interface SmtpError extends Error {
  responseCode?: number;
  rejectedErrors?: SmtpError[];
}

const ADDRESS = /^[^\s<>()[\],;:"\\@]+@[^\s<>()[\],;:"\\@]+$/;
const PERMANENT = 500; // SMTP: 4xx asks to try again, 5xx refuses for good
const TIMEOUTS = { connectionTimeout: 10_000, greetingTimeout: 10_000, socketTimeout: 20_000, dnsTimeout: 10_000 }; // together below the activity's minute

/** Mail to people. The same input has the same Message-ID however often it is tried. */
export const createNotificationActivities = ({ smtpUrl, mailFrom, outboxFolder }: Dependencies) => {
  const smtp =
    smtpUrl === undefined ? undefined : createTransport({ ...TIMEOUTS, ...credentialsNeedTls(smtpUrl), url: smtpUrl });
  const composer = createTransport({ streamTransport: true, buffer: true, newline: 'windows' });
  return {
    async notify(input: NotifyInput): Promise<Delivery> {
      const mail = composeMail(input);
      const digest = createHash('sha256').update(canonicalJson(input)).digest('hex');
      const message = messageOf(mail, { digest, mailFrom, kind: input.kind });
      const messageId = message.messageId!;
      if (!smtp) {
        const { message: content } = await composer.sendMail(message);
        const path = join(outboxFolder, outboxName(message.date as Date, input.kind, mail.engagement, digest));
        await writeAtomically(path, content as Buffer);
        return { messageId, delivered: 'outbox' };
      }
      const sent = await smtp.sendMail(message).catch((error: SmtpError) => {
        throw translated(error);
      });
      if (sent.rejected.length > 0) {
        const refusals = (sent.rejectedErrors ?? []) as SmtpError[];
        if (!refusals.every(isPermanent))
          throw new Error(`not everybody was reached: ${refusals.map(({ message: said }) => said)}`);
        log.warn('recipients were refused', { messageId, rejected: sent.rejected });
      }
      return { messageId, delivered: 'smtp' };
    },
  };
};

export type NotificationActivities = ReturnType<typeof createNotificationActivities>;

function messageOf(
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

function outboxName(date: Date, kind: string, engagement: string, digest: string): string {
  const time = date.toISOString().replace(/[-:]|\.\d+/g, '');
  return `${time}-${kind}-${fileWord(engagement)}-${digest.slice(0, 8)}.eml`;
}

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
