import { userInfo } from 'node:os';
import { type Command, InvalidArgumentError } from 'commander';
import { loadConfig } from '../config.ts';
import { duration } from '../domain/spec-fields.ts';
import { counted } from '../domain/units.ts';
import type { PortfolioCommandInput } from '../workflows/messages.ts';
import { withClient } from './connection.ts';
import { readPortfolio, readWholePortfolio } from './portfolio-file.ts';
import { portfolioTable, portfolioText } from './portfolio-text.ts';
import { commandPortfolio, listPortfolios, newMember, portfolioStatus, startPortfolio } from './portfolios.ts';
import { liveTerminal, print } from './print.ts';
import { readSpecFile } from './spec-file.ts';

interface Said {
  by: string;
  comment: string;
}

const EXAMPLES = `
Examples:
  stepdown portfolio start models/portfolio.yaml
  stepdown portfolio status acme
  stepdown portfolio add acme models/faq/engagement.yaml --by ana@example.org
  stepdown portfolio budget acme "20 hours" --by ana@example.org --comment "two models more"
  stepdown portfolio concurrency acme 3 --by ana@example.org`;

export function addPortfolio(program: Command): void {
  const portfolio = program
    .command('portfolio')
    .description('several models that share places and a search budget (package enterprise)')
    .addHelpText('after', EXAMPLES);
  portfolio
    .command('start')
    .description('start the engagements of a portfolio, so many at a time')
    .argument('<file>', 'path of a portfolio.yaml')
    .option('--check', 'only check the file, its specifications and their files')
    .addHelpText('after', '\nExample:\n  stepdown portfolio start models/portfolio.yaml')
    .action(async (path: string, { check }: { check?: boolean }, command: Command) => {
      if (check) {
        const { portfolio: plan } = readWholePortfolio(path);
        return print(command, { portfolio: plan.name, valid: true }, () => `${path} is a valid portfolio`);
      }
      const file = readPortfolio(path);
      const { name } = file.portfolio;
      const { onProgress } = liveTerminal(process.stderr);
      await withClient((client) => {
        const { folders } = loadConfig();
        return startPortfolio(client, file, { folders, startedBy: userInfo().username, onProgress });
      }).finally(() => onProgress(''));
      print(command, { portfolio: name }, () => `started ${name}\nlook at it with: stepdown portfolio status ${name}`);
    });
  portfolio
    .command('list')
    .description('all portfolios')
    .addHelpText('after', '\nExample:\n  stepdown portfolio list')
    .action((_options, command: Command) =>
      withClient(async (client) => {
        const portfolios = await listPortfolios(client);
        print(command, { portfolios }, () => portfolioTable(portfolios));
      })
    );
  portfolio
    .command('status')
    .description('where each model stands, places, budget, and the saving of all together')
    .argument('<portfolio>')
    .addHelpText('after', '\nExample:\n  stepdown portfolio status acme --json')
    .action((name: string, _options, command: Command) =>
      withClient(async (client) => {
        const document = await portfolioStatus(client, loadConfig().folders, name);
        print(command, document, () => portfolioText(document));
      })
    );
  addOrders(portfolio);
}

/** What changes a portfolio that runs. */
function addOrders(portfolio: Command): void {
  const order = (verb: string, description: string, example: string) =>
    portfolio
      .command(verb)
      .description(description)
      .argument('<portfolio>')
      .requiredOption('--by <person>', 'who says so')
      .option('--comment <text>', 'why', '')
      .addHelpText('after', `\nExample:\n  stepdown portfolio ${verb} acme ${example}--by ana@example.org`);
  const verbs = [
    ['pause', 'start nothing more until it is resumed; what runs goes on', ''],
    ['resume', 'go on starting', ''],
    ['close', 'leave out what is not started; it ends with what runs', '--comment "enough is known" '],
  ] as const;
  for (const [verb, description, example] of verbs)
    order(verb, description, example).action((name: string, said: Said, command: Command) =>
      send(command, name, { command: verb, ...said })
    );
  order('concurrency', 'change how many look for a candidate at the same time', '3 ')
    .argument('<number>', 'places', placesOf)
    .action((name: string, concurrency: number, said: Said, command: Command) =>
      send(command, name, { command: 'concurrency', concurrency, ...said })
    );
  order('budget', 'change the search budget of all together', '"20 hours" ')
    .argument('<duration>', 'all of it, with what is used', durationOf)
    .action((name: string, budgetMs: number, said: Said, command: Command) =>
      send(command, name, { command: 'budget', budgetMs, ...said })
    );
  order('add', 'add an engagement; it waits behind the others', 'models/faq/engagement.yaml ')
    .argument('<spec>', 'path of an engagement.yaml')
    .action((name: string, path: string, said: Said, command: Command) =>
      withClient(async (client) => {
        const file = readSpecFile(path);
        const { onProgress } = liveTerminal(process.stderr);
        const how = { folders: loadConfig().folders, at: path, onProgress };
        const member = await newMember(client, file, how).finally(() => onProgress(''));
        const state = await commandPortfolio(client, name, { command: 'add', member, ...said });
        print(command, state, () => `add: accepted, ${counted(state.entries.length, 'engagement')} now`);
      })
    );
}

const send = (command: Command, name: string, input: PortfolioCommandInput): Promise<void> =>
  withClient(async (client) => {
    const state = await commandPortfolio(client, name, input);
    print(command, state, () => `${input.command}: accepted by ${name}`);
  });

function durationOf(text: string): number {
  const parsed = duration.safeParse(text);
  if (!parsed.success) throw new InvalidArgumentError("write a duration such as '20 hours'.");
  return parsed.data;
}

function placesOf(text: string): number {
  if (/^[1-9]\d*$/.test(text)) return Number(text);
  throw new InvalidArgumentError('give a whole number of places, such as 3.');
}
