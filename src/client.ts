import { Command, CommanderError } from 'commander';
import { addAccess } from './cli/access.ts';
import { addAssessment } from './cli/assess.ts';
import { addCompletion } from './cli/completion.ts';
import { addDecisions, addRollout } from './cli/decisions.ts';
import { addDoctor } from './cli/doctor.ts';
import { CommandError, EXIT } from './cli/errors.ts';
import { addEvidence } from './cli/evidence.ts';
import { addExport } from './cli/export.ts';
import { addInit } from './cli/init.ts';
import { addInspection } from './cli/inspect.ts';
import { addLoad } from './cli/load.ts';
import { addPortfolio } from './cli/portfolio.ts';
import { addReport } from './cli/report.ts';
import { addStart } from './cli/start.ts';
import { addSupport } from './cli/support.ts';
import { addUp } from './cli/up.ts';

const program = new Command('stepdown')
  .description('Carries a model from FP32 to a cheaper precision, with evidence at every step')
  .option('--json', 'print one JSON document instead of text')
  .configureHelp({ showGlobalOptions: true })
  .showHelpAfterError('(add --help for usage and examples)')
  .exitOverride()
  .addHelpText(
    'after',
    '\nA first engagement:\n  stepdown up &\n  stepdown init my/model.onnx\n  stepdown start examples/newswire/engagement.yaml\n' +
      '  stepdown watch newswire\n  stepdown approve newswire --by ana@example.org --comment "agreed"\n' +
      '\nExit codes: 1 refused, 2 usage, 3 nothing is listening.'
  );

for (const add of [
  addUp,
  addInit,
  addStart,
  addInspection,
  addDecisions,
  addRollout,
  addSupport,
  addPortfolio,
  addEvidence,
  addReport,
  addAccess,
  addExport,
  addAssessment,
  addLoad,
  addDoctor,
])
  add(program);
addCompletion(program);
for (const command of [...program.commands, ...program.commands.flatMap(({ commands }) => commands)])
  command.exitOverride();

try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = report(error);
}

function report(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : EXIT.usage; // commander has printed it
  const { exitCode, message, next, details } =
    error instanceof CommandError ? error : unexpected(error instanceof Error ? error : new Error(String(error)));
  if (process.argv.includes('--json')) {
    const extra = details && typeof details === 'object' ? details : {};
    process.stdout.write(`${JSON.stringify({ error: message, next, ...extra })}\n`);
  } else process.stderr.write(`${message}\n→ ${next}\n`);
  return exitCode;
}

function unexpected(error: Error): CommandError {
  return new CommandError(
    EXIT.refused,
    error.message,
    'see the logs in the data directory; `stepdown doctor` checks the rest'
  );
}
