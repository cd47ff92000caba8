import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { cancel, kickOffChecked, statusOf } from '../../cli/engagements.ts';
import { activitiesOf } from '../../cli/progress.ts';
import { verifyEngagement } from '../../evidence/verify.ts';
import { Journal, type JournalEntry } from '../../storage/journal.ts';
import { type Desk, named } from '../desk.ts';
import { sendList } from '../list.ts';
import { mayCancel } from '../people.ts';
import { Problem } from '../problem.ts';
import { readSpec } from '../specs-folder.ts';
import { viewOf } from '../view.ts';

const kickOffBody = z.strictObject({
  spec: z.string().min(1).describe('path of an engagement.yaml under the server’s folder of specifications'),
  check: z.boolean().default(false).describe('only check the specification and that its files are there'),
});

/** Kick-off and everything that is read about an engagement. */
export function engagementRoutes({ app, client, config, portfolio }: Desk): void {
  const { folders } = config;
  const typed = app.withTypeProvider<ZodTypeProvider>();
  const reads = { needs: 'read' } as const;

  typed.get(
    '/api/engagements',
    { config: reads, schema: { summary: 'All engagements, newest first' } },
    (request, reply) => sendList(request, reply, portfolio, () => portfolio.engagements())
  );
  typed.post(
    '/api/engagements',
    {
      config: { needs: 'start', repeatable: true },
      schema: {
        summary: 'Check model and rows and kick off an engagement, or check its specification',
        body: kickOffBody,
      },
    },
    async ({ body, person }, reply) => {
      const file = readSpec(config, body.spec);
      const { engagement } = file.spec;
      if (body.check) return { engagement, valid: true };
      await kickOffChecked(client, file, { artifacts: folders.artifacts, startedBy: person.email });
      return reply.code(201).header('location', `/api/engagements/${engagement}`).send({ engagement });
    }
  );
  typed.get(
    '/api/engagements/:name',
    { config: reads, schema: { summary: 'Where one engagement stands', params: named } },
    async ({ params: { name } }) => {
      const [status, activities] = await Promise.all([statusOf(client, name), activitiesOf(client, name)]);
      return { ...status, activities };
    }
  );
  typed.post(
    '/api/engagements/:name/cancel',
    {
      config: { needs: 'start', repeatable: true },
      schema: {
        summary: 'Take the candidate out of the traffic, close the engagement and end it',
        params: named,
        body: z.strictObject({ comment: z.string().trim().min(1, 'say why').max(4_000) }),
      },
    },
    async ({ params: { name }, body: { comment }, person }) => {
      const { phase } = (await statusOf(client, name)).state;
      if (!mayCancel(person, phase))
        throw new Problem(403, `${person.email} may not take a candidate out of the traffic; ask an operator or admin`);
      return cancel(client, name, { by: person.email, comment });
    }
  );
  typed.get(
    '/api/engagements/:name/candidates',
    { config: reads, schema: { summary: 'Every candidate with figures and verdict', params: named } },
    async ({ params: { name } }) => ({ candidates: (await statusOf(client, name)).state.candidates })
  );
  typed.get(
    '/api/engagements/:name/document',
    { config: reads, schema: { summary: 'All figures so far, as the closing report would have them', params: named } },
    async ({ params: { name } }) => (await viewOf(client, config, name)).document
  );
  typed.get(
    '/api/engagements/:name/cost',
    { config: reads, schema: { summary: 'What serving costs before and after', params: named } },
    async ({ params: { name } }) => ({ cost: (await viewOf(client, config, name)).document.cost ?? null })
  );
  typed.get(
    '/api/engagements/:name/journal',
    { config: reads, schema: { summary: 'What happened, in order', params: named } },
    async ({ params: { name } }) => ({ entries: await journalOf(folders.journals, name) })
  );
  typed.get(
    '/api/engagements/:name/verification',
    { config: reads, schema: { summary: 'Recompute chain, hashes and verdicts', params: named } },
    async ({ params: { name } }) => {
      await journalOf(folders.journals, name);
      return verifyEngagement(name, folders);
    }
  );
}

async function journalOf(folder: string, name: string): Promise<JournalEntry[]> {
  const entries = await new Journal(folder, name).entries();
  if (entries.length === 0) throw new Problem(404, `there is no journal of '${name}'`);
  return entries;
}
