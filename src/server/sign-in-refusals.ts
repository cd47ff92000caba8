import {
  AuthorizationResponseError,
  ClientError,
  ResponseBodyError,
  WWWAuthenticateChallengeError,
} from 'openid-client';

/** Why somebody who came from the identity provider is not signed in, and what to do; shown to that person. */
export class NotSignedIn extends Error {
  readonly status: number;
  readonly next: string;

  constructor(status: number, message: string, next = 'Begin again; one press is enough.') {
    super(message);
    this.status = status;
    this.next = next;
  }
}

const LATER = 'Try again in a minute. Whoever runs Stepdown can make a sign-in link meanwhile: stepdown access link.';
const SET_UP = 'Tell whoever runs Stepdown: the set-up of the sign-in needs a look, and its log names the same reason.';
const AWAY = ['server_error', 'temporarily_unavailable'];

export function whyNot(error: unknown): NotSignedIn {
  if (error instanceof NotSignedIn) return error;
  const refused = ofProvider(error);
  // the whole error would have the code and the state in it
  if (refused.status >= 500) console.error(`signing in at the identity provider: ${refused.message}`);
  return refused;
}

function ofProvider(error: unknown): NotSignedIn {
  if (error instanceof AuthorizationResponseError) {
    if (error.error === 'access_denied')
      return new NotSignedIn(403, 'The identity provider did not let you in, or you declined.');
    return answered(error.error);
  }
  if (error instanceof ResponseBodyError) {
    if (error.error === 'invalid_grant')
      return new NotSignedIn(400, 'What the identity provider sent along was used before or is too old.');
    return answered(error.error);
  }
  if (error instanceof WWWAuthenticateChallengeError) return answered('invalid_client');
  if (isAway(error)) return new NotSignedIn(503, 'The identity provider does not answer.', LATER);
  if (error instanceof ClientError)
    return new NotSignedIn(502, `The identity provider’s answer does not hold (${error.code}).`, SET_UP);
  throw error;
}

/** `fetch` says so with a TypeError; the library has it as the cause, or throws it as it is. */
const isAway = (error: unknown): boolean =>
  error instanceof ClientError
    ? error.code === 'OAUTH_TIMEOUT' || isAway(error.cause)
    : error instanceof TypeError && error.message === 'fetch failed';

const answered = (code: string): NotSignedIn =>
  AWAY.includes(code)
    ? new NotSignedIn(503, `The identity provider cannot do it now (${code}).`, LATER)
    : new NotSignedIn(502, `The identity provider refused (${code}).`, SET_UP);
