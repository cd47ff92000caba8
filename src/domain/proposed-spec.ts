import { DATA_ROLES } from './artifact.ts';
import type { Spec } from './spec.ts';
import { durationText } from './units.ts';

const LONGEST_NAME = 63;

/** `newswire` becomes `newswire-r2`, and that `newswire-r3`. */
export function nextName(engagement: string): string {
  const [, stem, number] = /^(.*?)(?:-r(\d{1,4}))?$/.exec(engagement)!;
  const suffix = `-r${Number(number ?? 1) + 1}`;
  return `${stem!.slice(0, LONGEST_NAME - suffix.length)}${suffix}`;
}

/**
 * The specification as one writes it, for another engagement, `name`, on rows of today: `from` is the first day of production
 * that they should come from, such as 2026-11-26. What was trained on stays.
 */
export function proposedSpec(spec: Spec, name: string, from: string): Record<string, unknown> {
  const { data, gates, rollout, support, search } = spec;
  const fresh = DATA_ROLES.filter((role) => role !== 'train' && data[role] !== undefined).map((role) => [
    role,
    `data/from-${from}/${role}${endingOf(data[role]!)}`,
  ]);
  return {
    ...spec,
    engagement: name,
    data: { ...data, ...Object.fromEntries(fresh) },
    search: { ...search, ...(search.budget !== undefined && { budget: durationText(search.budget) }) },
    gates: { ...gates, remindAfter: durationText(gates.remindAfter), expireAfter: durationText(gates.expireAfter) },
    rollout: {
      ...rollout,
      minimumHold: durationText(rollout.minimumHold),
      maximumHold: durationText(rollout.maximumHold),
      maximumSilence: durationText(rollout.maximumSilence),
      lookEvery: durationText(rollout.lookEvery),
    },
    support: { ...support, day: durationText(support.day) },
  };
}

/** `.jsonl`; nothing of a folder. */
const endingOf = (file: string): string => /\.\w+$/.exec(file)?.[0] ?? '';
