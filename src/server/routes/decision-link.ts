import type { FastifyReply, FastifyRequest } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { answered } from '../../cli/connection.ts';
import { CommandError, NotFound } from '../../cli/errors.ts';
import { describeFirst, type GateStatus, mayDecide, OUTCOMES, type Outcome } from '../../domain/decision.ts';
import { instant } from '../../report/format.ts';
import { type Html, html } from '../../report/html.ts';
import { renderMarkdown } from '../../report/markdown.ts';
import { page } from '../../report/page.ts';
import { sha256 } from '../../storage/artifacts.ts';
import { type LinkClaims, linkKey, readLink } from '../../storage/decision-link.ts';
import { decideUpdate, gateQuery } from '../../workflows/messages.ts';
import { SESSION_COOKIE } from '../authenticate.ts';
import type { Desk } from '../desk.ts';

const link = z.string().min(1).max(2_000);
const form = z.object({ link, outcome: z.enum(OUTCOMES), comment: z.string().max(4_000).default('') });
const SCANNED = { max: 60, timeWindow: '1 minute' };

/** Why a link decides nothing; shown to the person who followed it. */
class Refusal extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** The page behind a mail's link: opening it shows the evidence, its form decides. */
export function decisionLinkRoutes({ app, client, access, config, portfolio }: Desk): void {
  const typed = app.withTypeProvider<ZodTypeProvider>();
  const key = linkKey(config.home);

  const look = async (request: FastifyRequest, given: string): Promise<{ claims: LinkClaims; gate: GateStatus }> => {
    const claims = readLink(key, given);
    if (!claims)
      throw new Refusal(
        400,
        'This link was changed on its way or was not made here. Open the mail again and use its link whole.'
      );
    const used = access.usedLink(given);
    if (used)
      throw new Refusal(409, `This link was used already: ${used.outcome}, on ${instant(used.at)}. It decides once.`);
    if (Date.parse(claims.expiresAt) <= Date.now())
      throw new Refusal(410, `This link expired on ${instant(claims.expiresAt)}, and the gate with it.`);
    const session = access.session(request.cookies[SESSION_COOKIE] ?? '');
    if (session && !session.person.isOwner && session.person.email !== claims.email)
      throw new Refusal(
        403,
        `This link is for ${claims.email}, and you are signed in as ${session.person.email}. A decision is personal.`
      );
    const gate = await gateAt(claims.workflowId);
    if (gate.decision)
      throw new Refusal(
        409,
        `This gate was decided already: ${gate.decision.outcome} by ${gate.decision.by}, on ${instant(gate.decision.at)}.`
      );
    if (!gate.approvers.some(({ email }) => email === claims.email))
      throw new Refusal(403, `${claims.email} is not an approver of this gate.`);
    if (gate.evidenceSha256 !== claims.evidenceSha256)
      throw new Refusal(
        409,
        'The evidence has changed since this mail was sent. Wait for the next mail, or look at the gate again.'
      );
    return { claims, gate };
  };

  const gateAt = (workflowId: string): Promise<GateStatus> =>
    answered(client, () => client.workflow.getHandle(workflowId).query(gateQuery));

  typed.get(
    '/decision',
    { config: { rateLimit: SCANNED }, schema: { querystring: z.object({ link }), hide: true } },
    (request, reply) =>
      shown(reply, async () => {
        const { claims, gate } = await look(request, request.query.link);
        return evidencePage(gate, claims, request.query.link);
      })
  );
  typed.post('/decision', { config: { rateLimit: SCANNED }, schema: { body: form, hide: true } }, (request, reply) =>
    shown(reply, async () => {
      const { link, outcome, comment } = request.body;
      const { claims, gate } = await look(request, link);
      if (!access.takeLink(link, outcome)) throw new Refusal(409, 'This link was used already. It decides once.');
      const { email: by, evidenceSha256, workflowId } = claims;
      const input = { gate: gate.gate, outcome, comment, by, evidenceSha256, via: 'mail link' as const };
      const updateId = `link:${sha256(link).slice(0, 32)}:${outcome}`;
      const decided = await answered(client, () =>
        client.workflow.getHandle(workflowId).executeUpdate(decideUpdate, { updateId, args: [input] })
      ).catch((error: unknown) => {
        access.returnLink(link);
        throw error;
      });
      portfolio.decided(gate.engagement, decided);
      return decidedPage(gate, outcome, by);
    })
  );
}

async function shown(reply: FastifyReply, make: () => Promise<string>): Promise<FastifyReply> {
  reply.type('text/html; charset=utf-8').header('cache-control', 'no-store');
  try {
    return reply.send(await make());
  } catch (error) {
    const { status, why } = refused(error);
    const body = html`<main><h1>Nothing was decided</h1><p role="alert">${why}</p></main>`;
    return reply.code(status).send(page({ title: 'Nothing was decided', body }));
  }
}

function refused(error: unknown): { status: number; why: string } {
  if (error instanceof Refusal) return { status: error.status, why: error.message };
  if (error instanceof NotFound)
    return { status: 410, why: 'This gate is not there any more: its engagement has ended.' };
  if (error instanceof CommandError) return { status: 409, why: `${error.message} (${error.next})` };
  throw error;
}

const LABELS: Record<Outcome, string> = {
  approved: 'Approve',
  rejected: 'Reject: the engagement ends',
  revise: 'Revise: run the phase again',
  waived: 'Waive: accept what is not proven',
};

function evidencePage(gate: GateStatus, { email }: LinkClaims, link: string): string {
  const { engagement, modelName, client, verdict, summary, evidenceSha256, dueAt, first } = gate;
  const allowed = OUTCOMES.filter((outcome) => mayDecide(gate, outcome, email));
  const choice = (outcome: Outcome): Html =>
    html`<p><label><input type="radio" name="outcome" value="${outcome}" required> ${LABELS[outcome]}</label></p>`;
  return page({
    title: `${engagement}: gate ${gate.gate}`,
    body: html`<header><p class="eyebrow">${client} · ${modelName}</p><h1>${engagement}: gate ${gate.gate}</h1></header><main>
<p>The measurements say <span class="chip ${verdict}">${verdict}</span>. You decide as <strong>${email}</strong>, until ${instant(dueAt)}.</p>
${first && html`<p>${describeFirst(first)}.</p>`}
<section aria-label="Evidence">${renderMarkdown(summary)}<p>Evidence: <code>sha256 ${evidenceSha256}</code></p></section>
<form method="post" action="/decision"><input type="hidden" name="link" value="${link}">
<fieldset><legend>Your decision</legend>${allowed.map(choice)}
<p><label>Why (needed for everything but an approval)<br><textarea name="comment" rows="4" cols="50" maxlength="4000"></textarea></label></p>
<p><button>Decide</button></p></fieldset></form></main>`,
  });
}

function decidedPage({ engagement, gate }: GateStatus, outcome: Outcome, by: string): string {
  const body = html`<main><h1>Decided</h1><p role="status">Gate ${gate} of ${engagement}: <strong>${outcome}</strong> by ${by}. It is in the journal; this link works no more.</p></main>`;
  return page({ title: 'Decided', body });
}
