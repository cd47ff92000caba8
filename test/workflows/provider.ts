import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { exportJWK, generateKeyPair } from 'jose';
import Provider, { type AccountClaims } from 'oidc-provider';

export const CLIENT = { id: 'stepdown', secret: 'a-client-secret-that-nobody-may-read' };

/** People of the provider, by what they sign in as. */
export type Accounts = Record<string, Omit<AccountClaims, 'sub'>>;

interface Options {
  accounts: Accounts;
  /** Where the server under test is. */
  home: string;
  /** As most providers do; else only the user-info endpoint tells who it is. */
  tellsInToken?: boolean;
  idTokenSeconds?: number;
}

/** A real OpenID Connect provider, whose sign-in page is a list of its people; on another site than 127.0.0.1. */
export async function startProvider({ accounts, home, tellsInToken = true, idTokenSeconds = 3_600 }: Options) {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const issuer = `http://localhost:${(server.address() as { port: number }).port}`;
  const { privateKey } = await generateKeyPair('RS256', { extractable: true });
  const provider = new Provider(issuer, {
    jwks: { keys: [{ ...(await exportJWK(privateKey)), alg: 'RS256', use: 'sig' }] },
    cookies: { keys: ['k'] },
    clients: [
      {
        client_id: CLIENT.id,
        client_secret: CLIENT.secret,
        redirect_uris: [`${home}/auth/callback`],
        post_logout_redirect_uris: [`${home}/`],
      },
    ],
    claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['roles', 'teams'] },
    conformIdTokenClaims: !tellsInToken,
    pkce: { required: () => true },
    features: { devInteractions: { enabled: false } },
    interactions: { url: (_context, { uid }) => `/interaction/${uid}` },
    ttl: {
      IdToken: idTokenSeconds,
      AccessToken: 60,
      AuthorizationCode: 60,
      Interaction: 600,
      Session: 600,
      Grant: 600,
    },
    findAccount: (_context, sub) => {
      const account = accounts[sub];
      return account && { accountId: sub, claims: () => ({ ...account, sub }) };
    },
    renderError: (context, out) => {
      context.body = JSON.stringify(out);
    },
  });
  const answer = provider.callback();
  server.on('request', (request, response) => {
    const isInteraction = request.url!.startsWith('/interaction/');
    const done = isInteraction ? interact(provider, accounts, request, response) : answer(request, response);
    done.catch((error: unknown) => response.writeHead(500).end(String(error)));
  });
  return {
    issuer,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function interact(provider: Provider, accounts: Accounts, request: IncomingMessage, response: ServerResponse) {
  const who = new URL(request.url!, 'http://localhost').searchParams.get('who');
  if (!who) {
    const items = Object.keys(accounts).map((name) => `<li><a href="?who=${name}">${name}</a></li>`);
    response.writeHead(200, { 'content-type': 'text/html' }).end(`<h1>Who are you?</h1><ul>${items.join('')}</ul>`);
    return;
  }
  const { params } = await provider.interactionDetails(request, response);
  const grant = new provider.Grant({ accountId: who, clientId: String(params.client_id) });
  grant.addOIDCScope(String(params.scope));
  const grantId = await grant.save();
  const result = who === 'nobody' ? { error: 'access_denied' } : { login: { accountId: who }, consent: { grantId } };
  await provider.interactionFinished(request, response, result);
}

/** Signs in at the provider as a browser does; where it sends the browser back to. */
export async function signInAt(address: string, who: string): Promise<URL> {
  const jar = new Map<string, string>();
  for (let at = new URL(address); ; ) {
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ');
    const response = await fetch(at, { redirect: 'manual', headers: { cookie } });
    for (const line of response.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(line)!;
      jar.set(name!, value!);
    }
    const location = response.headers.get('location');
    if (!location && response.status !== 200) throw new Error(`${at}: ${response.status} ${await response.text()}`);
    at = location ? new URL(location, at) : new URL(`?who=${who}`, at);
    if (at.pathname === '/auth/callback') return at;
  }
}
