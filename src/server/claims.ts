import type { Config } from '../config.ts';
import { type Person, ROLES, type Role } from './people.ts';

export type Claims = Record<string, unknown>;
type Naming = Pick<NonNullable<Config['oidc']>, 'rolesClaim' | 'groups'>;

/** Who the claims of an identity provider are about; a sentence when they are about nobody that we can name. */
export function personIn(claims: Claims, naming: Naming): Person | string {
  const { email, email_verified: isVerified = true } = claims; // some providers know no unverified addresses
  if (typeof email !== 'string' || email === '') return 'The identity provider told no mail address.';
  if (String(isVerified) !== 'true') return `The identity provider has not verified the mail address ${email}.`;
  const named = namesIn(claims, naming.rolesClaim);
  const has = (role: Role) =>
    (naming.groups ? (naming.groups[role] ?? []) : [role]).some((name) => named.includes(name));
  return { email, roles: ROLES.filter(has), isOwner: false };
}

/** A claim by its whole name, as names can be addresses; else by a path with dots, as `realm_access.roles`. */
export function namesIn(claims: Claims, claim: string): string[] {
  const inner = (value: unknown, key: string) => (value as Claims | undefined)?.[key];
  const found = claims[claim] ?? claim.split('.').reduce<unknown>(inner, claims);
  return [found].flat().filter((name) => typeof name === 'string');
}
