/** The dashboard's page of an engagement. */
export const pathOf = (engagement: string): string => `/engagements/${encodeURIComponent(engagement)}`;

export const statusCommand = (engagement: string): [string, string] => [
  'Look at it',
  `npx stepdown status ${shellWord(engagement)}`,
];

/** Safe to paste into a shell, whatever the name is. */
export function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
