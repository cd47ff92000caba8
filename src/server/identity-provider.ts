import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import * as openid from 'openid-client';
import type { Config } from '../config.ts';
import { type Claims, namesIn, personIn } from './claims.ts';
import type { Person } from './people.ts';

type Settings = NonNullable<Config['oidc']>;

const ANSWER_SECONDS = 10; // somebody looks at an empty page meanwhile

/** What a provider said of a person, in an ID token that was checked. */
export interface Said {
  claims: Claims;
  idToken: string;
  expires: number;
}

/** The OpenID Connect provider that tells who people are: of bearer tokens, and of browsers that it sends back. */
export class IdentityProvider {
  private readonly settings: Settings;
  private readonly secret: string | undefined;
  /** What the sign-in page calls it; undefined where it takes no browsers. */
  readonly name: string | undefined;
  private found: ReturnType<IdentityProvider['discover']> | undefined;

  constructor(settings: Settings) {
    this.settings = settings;
    this.secret = secretOf(settings);
    this.name = settings.signIn && settings.name;
  }

  /** Of a bearer token: signature by the published keys, issuer, audience, times. */
  async personOf(token: string): Promise<Person | undefined> {
    const { keys, provider } = await this.known();
    const { audience } = this.settings;
    const { issuer } = provider.serverMetadata();
    const checks = { issuer, audience, algorithms: ['RS256', 'ES256', 'EdDSA'] };
    const verified = await jwtVerify(token, keys, checks).catch(() => undefined);
    const person = verified && personIn(verified.payload, this.settings);
    return typeof person === 'object' ? person : undefined;
  }

  /** Where a browser signs in. All that this sign-in is known by comes from one secret, which its cookie keeps. */
  async addressOf(begun: string, callback: string): Promise<URL> {
    const { provider } = await this.known();
    return openid.buildAuthorizationUrl(provider, {
      redirect_uri: callback,
      scope: this.settings.signIn!.scopes,
      state: stateOf(begun),
      nonce: partOf(begun, 'nonce'),
      code_challenge: await openid.calculatePKCECodeChallenge(partOf(begun, 'verifier')),
      code_challenge_method: 'S256',
    });
  }

  /** What the provider says of who came back; `answer` is the callback with what the provider added to it. */
  async redeem(begun: string, answer: URL): Promise<Said> {
    const { provider } = await this.known();
    const tokens = await openid.authorizationCodeGrant(provider, answer, {
      expectedState: stateOf(begun),
      expectedNonce: partOf(begun, 'nonce'),
      pkceCodeVerifier: partOf(begun, 'verifier'),
      idTokenExpected: true,
    });
    const inToken = tokens.claims()!;
    return {
      claims: { ...(await this.rest(inToken, tokens.access_token)), ...inToken },
      idToken: tokens.id_token!,
      expires: inToken.exp * 1_000,
    };
  }

  /** Where the provider signs the person out too; undefined when it has no such page. */
  async signOutAddress(idToken: string, home: string): Promise<string | undefined> {
    const { provider } = await this.known();
    if (!provider.serverMetadata().end_session_endpoint) return undefined;
    return openid.buildEndSessionUrl(provider, { id_token_hint: idToken, post_logout_redirect_uri: home }).href;
  }

  /** What providers leave out of their ID tokens, unless told otherwise. */
  private async rest(inToken: openid.IDToken, accessToken: string): Promise<Claims> {
    const { provider } = await this.known();
    const isWhole = inToken.email && namesIn(inToken, this.settings.rolesClaim).length > 0;
    if (isWhole || !provider.serverMetadata().userinfo_endpoint) return {};
    return openid.fetchUserInfo(provider, accessToken, inToken.sub);
  }

  /** Asked again when it did not answer. */
  private known() {
    this.found ??= this.discover().catch((error: unknown) => {
      this.found = undefined;
      throw error;
    });
    return this.found;
  }

  private async discover() {
    const { issuer, audience, signIn } = this.settings;
    const isHere = issuer.startsWith('http:'); // the configuration takes http for this machine only
    const provider = await openid.discovery(new URL(issuer), signIn?.clientId ?? audience, undefined, this.introduce, {
      timeout: ANSWER_SECONDS,
      execute: [openid.enableNonRepudiationChecks, ...(isHere ? [openid.allowInsecureRequests] : [])],
    });
    return { provider, keys: createRemoteJWKSet(new URL(provider.serverMetadata().jwks_uri!)) };
  }

  /** By HTTP Basic, which every provider has to take, unless it says that it does not. */
  private readonly introduce: openid.ClientAuth = (server, ...request) => {
    if (!this.secret) return openid.None()(server, ...request);
    const { token_endpoint_auth_methods_supported: methods = ['client_secret_basic'] } = server;
    const by = methods.includes('client_secret_basic') ? openid.ClientSecretBasic : openid.ClientSecretPost;
    return by(this.secret)(server, ...request);
  };
}

export const stateOf = (begun: string): string => partOf(begun, 'state');

const partOf = (begun: string, part: 'state' | 'nonce' | 'verifier'): string =>
  createHmac('sha256', begun).update(part).digest('base64url');

function secretOf({ signIn }: Settings): string | undefined {
  if (!signIn?.clientSecretFile) return signIn?.clientSecret;
  const secret = readFileSync(signIn.clientSecretFile, 'utf8').trim();
  if (secret === '') throw new Error(`STEPDOWN_OIDC_CLIENT_SECRET_FILE: ${signIn.clientSecretFile} is empty`);
  return secret;
}
