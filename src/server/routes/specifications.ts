import { dirname } from 'node:path';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { stringify } from 'yaml';
import { z } from 'zod';
import { type DryLap, dryLap } from '../../cli/dry-lap.ts';
import { checkSpec } from '../../cli/spec-file.ts';
import { specJsonSchema } from '../../domain/spec.ts';
import type { SpecProblem } from '../../domain/spec-problems.ts';
import { sha256 } from '../../storage/artifacts.ts';
import type { Desk } from '../desk.ts';
import { Problem } from '../problem.ts';
import { placeOf, readSpec, writeSpec } from '../specs-folder.ts';

const place = z
  .string()
  .min(1)
  .max(400)
  .describe('path of an engagement.yaml under the server’s folder of specifications');

/** What became of a specification that was sent as a document. */
export interface Written {
  yaml: string;
  /** Of the YAML; names the version that may be replaced by a correction. */
  sha256: string;
  problems: SpecProblem[];
}

/** Writing a specification, and what can be known of it before anything is started. */
export function specificationRoutes({ app, config }: Desk): void {
  const typed = app.withTypeProvider<ZodTypeProvider>();
  const starts = { needs: 'start' } as const;
  let lap: Promise<DryLap> | undefined;

  typed.get(
    '/api/specifications/schema',
    { config: starts, schema: { summary: 'JSON Schema of a specification' } },
    async () => ({ schema: specJsonSchema() })
  );
  typed.post(
    '/api/specifications',
    {
      config: starts,
      schema: {
        summary: 'Check a specification as a file of the server’s folder, or write it there',
        body: z.strictObject({
          spec: place,
          document: z.record(z.string(), z.unknown()),
          save: z.boolean().default(false),
          replaces: z.string().length(64).optional().describe('SHA-256 of the file that this one corrects'),
        }),
      },
    },
    async ({ body: { spec, document, save, replaces } }, reply): Promise<Written> => {
      const { path, isAllowed } = placeOf(config, spec);
      const checked = checkSpec(document, dirname(path), isAllowed);
      const yaml = stringify(document);
      const problems = 'problems' in checked ? checked.problems : [];
      if (save && problems.length > 0)
        throw new Problem(422, 'the specification has mistakes; nothing was written', { problems });
      if (save) {
        writeSpec(path, yaml, replaces);
        reply.code(201);
      }
      return { yaml, sha256: sha256(yaml), problems };
    }
  );
  typed.post(
    '/api/specifications/dry-lap',
    {
      config: starts,
      schema: {
        summary: 'Check model and rows as an engagement would, without starting one',
        body: z.strictObject({ spec: place }),
      },
    },
    async ({ body: { spec } }) => {
      const file = readSpec(config, spec);
      if (lap) throw new Problem(409, 'another dry lap is under way; try again when it has ended');
      lap = dryLap(file).finally(() => (lap = undefined));
      return lap;
    }
  );
}
