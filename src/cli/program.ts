import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { addAccess } from './access.ts';
import { addAssessment } from './assess.ts';
import { addCancel } from './cancel.ts';
import { addCompletion } from './completion.ts';
import { addDecisions, addRollout } from './decisions.ts';
import { addDoctor } from './doctor.ts';
import { addEvidence } from './evidence.ts';
import { addExport } from './export.ts';
import { addInit } from './init.ts';
import { addInspection } from './inspect.ts';
import { asCalled } from './invocation.ts';
import { addLoad } from './load.ts';
import { addPortfolio } from './portfolio.ts';
import { addReport } from './report.ts';
import { addStart } from './start.ts';
import { addSupport } from './support.ts';
import { addUp } from './up.ts';

const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

/** Every verb of the command line. */
export function stepdown(): Command {
  const program = new Command('stepdown')
    .description('Carries a model from FP32 to a cheaper precision, with evidence at every step')
    .version(version, '--version', 'print the version')
    .configureOutput({
      writeOut: (text) => process.stdout.write(asCalled(text)),
      writeErr: (text) => process.stderr.write(asCalled(text)),
    })
    .option('--json', 'print one JSON document instead of text')
    .configureHelp({ showGlobalOptions: true })
    .showHelpAfterError('(add --help for usage and examples)')
    .exitOverride()
    .addHelpText(
      'after',
      '\nA first engagement:\n  stepdown up &\n  stepdown init my/model.onnx\n  stepdown start examples/newswire/engagement.yaml\n' +
        '  stepdown watch newswire\n  stepdown approve newswire --by ana@example.org --comment "agreed"\n' +
        '\nExit codes: 1 refused, 2 usage, 3 nothing is listening, 4 what `watch` followed closed otherwise than successful.'
    );

  for (const add of [
    addUp,
    addInit,
    addStart,
    addInspection,
    addDecisions,
    addRollout,
    addCancel,
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
  return program;
}
