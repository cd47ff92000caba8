import { readdirSync, statSync } from 'node:fs';
import { join, sep } from 'node:path';

/** Files of a folder by their places in it; what tools keep there for themselves is left out. */
export function filesOfFolder(folder: string): Record<string, string> {
  const places = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((place) => !place.split(sep).some((part) => part.startsWith('.') || part === '__pycache__'))
    .filter((place) => statSync(join(folder, place), { throwIfNoEntry: false })?.isFile())
    .sort();
  return Object.fromEntries(places.map((place) => [place, join(folder, place)]));
}
