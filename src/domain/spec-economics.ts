import { z } from 'zod';
import { path } from './spec-fields.ts';

/** What serving costs and is paid for; the report carries the measured rates into money with it. Ranges are checked with the price. */
export const economics = z.strictObject({
  traffic: z.union([z.number(), z.array(z.number()), path]).meta({
    description: 'requests per second: a number, 168 for the hours of a week, or a file with those or a trace',
    examples: [200],
  }),
  hardware: z
    .string()
    .min(1)
    .meta({ description: 'instance type that serves today, of the price list', examples: ['c6id.2xlarge'] }),
  region: z
    .string()
    .min(1)
    .optional()
    .meta({ description: 'of its price. Left out, the cheapest', examples: ['us-east-1'] }),
  prices: path.optional().meta({
    description: 'price list of your own, instead of the one that ships (docs/cost.md)',
    examples: ['prices.csv'],
  }),
  acceptOldPrices: z
    .boolean()
    .default(false)
    .describe('whether prices older than 90 days count; they are printed with their age'),
  monthlyCost: z
    .number()
    .optional()
    .meta({
      description: 'dollars a month that serving costs today; prices are scaled to it. Left out, the price list’s',
      examples: [4600],
    }),
  fee: z
    .number()
    .optional()
    .meta({ description: 'dollars, paid once for the engagement, for the payback', examples: [5000] }),
  headroom: z
    .number()
    .optional()
    .meta({ description: 'share of a replica’s rate that production uses (0.7)', examples: [0.7] }),
  minimumReplicas: z
    .number()
    .optional()
    .meta({ description: 'replicas in an hour without traffic (1)', examples: [1] }),
  spareReplicas: z
    .number()
    .optional()
    .meta({ description: 'replicas kept idle (0)', examples: [0] }),
  tokensPerRequest: z
    .number()
    .optional()
    .meta({ description: 'for the cost of a million tokens', examples: [40] }),
  reserved: z
    .boolean()
    .default(false)
    .describe('whether instances that always run have the reserved price of the list'),
  spot: z.boolean().default(false).describe('whether the others have its spot price'),
  reclaimOverhead: z
    .number()
    .optional()
    .meta({
      description: 'share of spot hours paid twice because an instance was taken away (0.1)',
      examples: [0.1],
    }),
  extras: z
    .array(
      z.strictObject({
        name: z
          .string()
          .min(1)
          .meta({ description: 'of the line', examples: ['egress'] }),
        usdPerMonth: z.number().meta({ description: 'dollars a month', examples: [120] }),
      })
    )
    .optional()
    .describe('further costs of a month: storage, egress, load balancer'),
});
