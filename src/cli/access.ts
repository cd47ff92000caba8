import { userInfo } from 'node:os';
import { join } from 'node:path';
import { type Command, InvalidArgumentError } from 'commander';
import { type Config, loadConfig, whereRunning } from '../config.ts';
import { counted } from '../domain/units.ts';
import { Access } from '../server/access.ts';
import { type Person, ROLES, type Role } from '../server/people.ts';
import { CommandError, EXIT } from './errors.ts';
import { print } from './print.ts';

/** A link that signs the owner of the data directory in, once. */
export function signInLink(config: Config, server: string, person?: Person): string {
  const owner: Person = { email: `${userInfo().username}@localhost`, roles: ['admin'], isOwner: true };
  return withAccess(config, (access) => `${server}/sign-in?code=${access.issueCode(person ?? owner)}`);
}

export function addAccess(program: Command): void {
  const access = program.command('access').description('who may use the API');
  access
    .command('link')
    .description('a link that signs in once: yourself, or another person with the roles you name')
    .argument('[email]')
    .option('--role <role...>', `any of ${ROLES.join(', ')}`, roles)
    .addHelpText('after', '\nExample:\n  stepdown access link ana@example.org --role approver')
    .action((email: string | undefined, options: { role?: Role[] }, command: Command) => {
      const config = loadConfig();
      const link = signInLink(config, serverOf(config), email ? other(email, options.role) : undefined);
      print(command, { link }, () => link);
    });
  access
    .command('token')
    .description('a bearer token for a program; it is shown this once')
    .argument('<email>')
    .requiredOption('--role <role...>', `any of ${ROLES.join(', ')}`, roles)
    .addHelpText('after', '\nExample:\n  stepdown access token ci@example.org --role engineer')
    .action((email: string, options: { role: Role[] }, command: Command) => {
      const token = withAccess(loadConfig(), (access) => access.issueToken(email, options.role));
      print(command, { email, token }, () => token);
    });
  access
    .command('revoke')
    .description('take away tokens, links and sessions of a person')
    .argument('<email>')
    .addHelpText('after', '\nExample:\n  stepdown access revoke ana@example.org')
    .action((email: string, _options, command: Command) => {
      const { tokens, codes, sessions } = withAccess(loadConfig(), (access) => access.dismiss(email));
      if (tokens + codes + sessions === 0)
        throw new CommandError(
          EXIT.refused,
          `${email} had no token, link or session here`,
          'look at how it is spelled'
        );
      const taken = [counted(tokens, 'token'), counted(codes, 'unused link'), counted(sessions, 'session')].join(', ');
      print(command, { email, tokens, codes, sessions }, () => `${email} has no access any more: ${taken} taken away`);
    });
}

function other(email: string, named: Role[] | undefined): Person {
  if (!named)
    throw new CommandError(EXIT.usage, `--role is missing: what may ${email} do?`, `one of ${ROLES.join(', ')}`);
  return { email, roles: named, isOwner: false };
}

function roles(value: string, earlier: Role[] = []): Role[] {
  if (!ROLES.includes(value as Role)) throw new InvalidArgumentError(`'${value}' is not one of ${ROLES.join(', ')}`);
  return [...earlier, value as Role];
}

function serverOf(config: Config): string {
  const { server } = whereRunning(config);
  if (server) return server;
  throw new CommandError(EXIT.nothingListening, 'no server is running here', 'start it with `stepdown up`');
}

function withAccess<T>(config: Config, action: (access: Access) => T): T {
  const access = new Access(join(config.home, 'access.db'));
  try {
    return action(access);
  } finally {
    access.close();
  }
}
