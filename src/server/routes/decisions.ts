import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { answered } from '../../cli/connection.ts';
import { decide } from '../../cli/decide.ts';
import { statusOf, steer, supportHandle } from '../../cli/engagements.ts';
import { OUTCOMES } from '../../domain/decision.ts';
import { supportUpdate } from '../../workflows/messages.ts';
import { type Desk, named } from '../desk.ts';
import { sendList } from '../list.ts';
import type { Person } from '../people.ts';
import { Problem } from '../problem.ts';

const BY_OWNER = 'only for the owner of an embedded data directory: the person who says so';

const decisionBody = z.strictObject({
  outcome: z.enum(OUTCOMES),
  comment: z.string().max(4_000).default('').describe('required for everything but an approval'),
  evidenceSha256: z.string().length(64).describe('of the evidence that was looked at'),
  changes: z
    .record(z.string(), z.unknown())
    .optional()
    .describe('revise: quality thresholds or recipes; at ptq also which candidates go on'),
  by: z.email().optional().describe(BY_OWNER),
});
const commandBody = z.strictObject({
  comment: z.string().max(4_000).default('').describe('why; to promote without the evidence it is required'),
  by: z.email().optional().describe(BY_OWNER),
});
const supportBody = z.strictObject({
  comment: z.string().trim().min(1, 'say what was found').max(4_000),
  incident: z.int().positive().optional().describe('to acknowledge: its number'),
  by: z.email().optional().describe(BY_OWNER),
});

/** Gates and the rollout: what people say, in their own name. */
export function decisionRoutes({ app, client, portfolio }: Desk): void {
  const typed = app.withTypeProvider<ZodTypeProvider>();
  typed.get(
    '/api/gates',
    { config: { needs: 'read' }, schema: { summary: 'Gates that wait for somebody' } },
    (request, reply) => sendList(request, reply, portfolio, () => portfolio.gates())
  );
  typed.post(
    '/api/engagements/:name/gates/:gate/decision',
    {
      config: { needs: 'decide', repeatable: true },
      schema: {
        summary: 'Decide the open gate',
        params: named.extend({ gate: z.string().regex(/^[a-z0-9.-]{1,40}$/) }),
        body: decisionBody,
      },
    },
    async ({ params: { name, gate }, body, person }) => {
      const { by, ...decision } = body;
      const who = signedBy(person, by);
      const options = { ...decision, ...who, gate, via: 'api' as const };
      const decided = await decide(client, name, options, portfolio.gate(name, gate));
      portfolio.decided(name, decided);
      return decided;
    }
  );
  typed.get(
    '/api/engagements/:name/rollout',
    { config: { needs: 'read' }, schema: { summary: 'The rollout, running or ended', params: named } },
    async ({ params: { name } }) => {
      const { rollout, state } = await statusOf(client, name);
      const found = rollout ?? state.rollout;
      if (!found) throw new Problem(404, `${name} has no rollout yet; it is in phase ${state.phase}`);
      return found;
    }
  );
  typed.post(
    '/api/engagements/:name/rollout/:command',
    {
      config: { needs: 'steer', repeatable: true },
      schema: {
        summary: 'Steer a running rollout',
        params: named.extend({ command: z.enum(['pause', 'resume', 'promote', 'rollback']) }),
        body: commandBody,
      },
    },
    async ({ params: { name, command }, body: { comment, by }, person }) => {
      return steer(client, name, { command, by: signedBy(person, by).by, comment });
    }
  );
  typed.get(
    '/api/engagements/:name/support',
    { config: { needs: 'read' }, schema: { summary: 'The support window, running or ended', params: named } },
    async ({ params: { name } }) => {
      const { support, state } = await statusOf(client, name);
      const found = support ?? state.support;
      if (!found) throw new Problem(404, `${name} is in no support window; it is in phase ${state.phase}`);
      return found;
    }
  );
  typed.post(
    '/api/engagements/:name/support/:command',
    {
      config: { needs: 'steer', repeatable: true },
      schema: {
        summary: 'Acknowledge or open an incident, or take the candidate out',
        params: named.extend({ command: z.enum(['acknowledge', 'open', 'rollback']) }),
        body: supportBody,
      },
    },
    async ({ params: { name, command }, body: { by, ...said }, person }) => {
      if (command === 'acknowledge' && !said.incident) throw new Problem(422, 'incident: which one? give its number');
      const { state } = await statusOf(client, name);
      const input = { command, by: signedBy(person, by).by, ...said };
      return answered(client, () => supportHandle(client, name, state).executeUpdate(supportUpdate, { args: [input] }));
    }
  );
}

/** People decide in their own name; the owner of the data directory may name an approver, and is named beside them. */
function signedBy(person: Person, by: string | undefined): { by: string; enteredBy?: string } {
  if (by === undefined || by === person.email) return { by: person.email };
  if (!person.isOwner) throw new Problem(403, `by: you are ${person.email} and cannot decide as ${by}`);
  return { by, enteredBy: person.email };
}
