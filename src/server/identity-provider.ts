import { createRemoteJWKSet, jwtVerify } from 'jose';
import { type Person, ROLES, type Role } from './people.ts';

export interface IdentityProvider {
  issuer: string;
  audience: string;
  rolesClaim: string;
}

/** Checks tokens of an OpenID Connect provider: signature by its published keys, issuer, audience, times. */
export function tokenVerifier({ issuer, audience, rolesClaim }: IdentityProvider) {
  let keys: Promise<ReturnType<typeof createRemoteJWKSet>> | undefined;
  return async (token: string): Promise<Person | undefined> => {
    keys ??= discover(issuer);
    const found = await keys.catch((error: unknown) => {
      keys = undefined; // asked again with the next request
      throw error;
    });
    const verified = await jwtVerify(token, found, { issuer, audience, algorithms: ['RS256', 'ES256', 'EdDSA'] }).catch(
      () => undefined
    );
    if (!verified) return undefined;
    const { payload } = verified;
    if (typeof payload.email !== 'string' || payload.email_verified === false) return undefined;
    const claimed = [payload[rolesClaim]].flat();
    return { email: payload.email, roles: ROLES.filter((role: Role) => claimed.includes(role)), isOwner: false };
  };
}

async function discover(issuer: string) {
  const url = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
  const response = await fetch(url, { signal: AbortSignal.timeout(5_000) });
  const { jwks_uri } = (await response.json()) as { jwks_uri: string };
  return createRemoteJWKSet(new URL(jwks_uri));
}
