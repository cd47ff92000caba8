import type { ArtifactRef } from '../artifact.ts';
import { classesOf } from '../classes.ts';
import { type EvidenceFile, evidenceFiles } from '../closing-evidence.ts';
import type { EngagementState, SourceFiles } from '../engagement.ts';
import { type HostFingerprint, type RuntimeSettings, runtimeSettings, type SessionOptions } from '../measurement.ts';
import type { Scheme } from '../recipe.ts';
import type { Spec } from '../spec.ts';
import { type ExpectedFigure, expectedFigures } from './expected-figures.ts';
import { type Monitored, monitoredFigures } from './monitoring.ts';
import type { Serving } from './serving.ts';

interface GuideFile {
  role: 'model' | 'fallback' | 'tokenizer' | 'request';
  what: string;
  /** What the guide calls it. */
  name: string;
  file: ArtifactRef;
}

/** How to serve the chosen model: everything in it was measured, recorded or specified in its engagement. */
export interface DeploymentGuide {
  engagement: string;
  modelName: string;
  client: string;
  package: string;
  candidate: string;
  scheme: Scheme;
  /** Whether Stepdown's gateway carries it into production. */
  isRolledOut: boolean;
  files: GuideFile[];
  runtime: { onnxruntime: string; options: SessionOptions; settings: RuntimeSettings };
  serving: Serving;
  /** Class names in the order of the logits. */
  labels: string[];
  /** What turns a row into tensors, from the specification. */
  preprocessing: Preprocessing;
  /** What makes the outputs an answer, where no class is named. */
  answer?: string | undefined;
  figures: ExpectedFigure[];
  monitoring: Monitored[];
  /** On which the figures were measured. */
  host: HostFingerprint;
  evidence: EvidenceFile[];
}

type Preprocessing = Pick<Spec['model'], 'task'> & Record<string, unknown>;

/** Throws where no candidate was proven on the hold-out: there is nothing to serve then. */
export function deploymentGuide(input: {
  state: EngagementState;
  sources: SourceFiles;
  serving: Serving;
  isRolledOut: boolean;
}): DeploymentGuide {
  const { state, sources, serving, isRolledOut } = input;
  const { spec, baseline, holdout } = state;
  const trial = holdout?.candidate.trial;
  if (!holdout || !trial || !baseline)
    throw new Error(`${spec.engagement} has no candidate with a look at the hold-out`);
  const { id, scheme } = holdout.candidate;
  const name = (word: string) => `${spec.engagement}-${word}`;
  const files: GuideFile[] = [
    { role: 'model', what: `The model to serve: ${id}`, name: name(`${id}.onnx`), file: trial.quantized.model },
    { role: 'fallback', what: 'FP32, to go back to', name: name('fp32.onnx'), file: baseline.model },
    ...(sources.tokenizer
      ? [{ role: 'tokenizer' as const, what: 'Tokenizer', name: 'tokenizer.json', file: sources.tokenizer }]
      : []),
    { role: 'request', what: 'Request to try it with', name: 'request.json', file: serving.smoke.request },
  ];
  return {
    engagement: spec.engagement,
    modelName: spec.model.name,
    client: spec.client.name,
    package: spec.package,
    candidate: id,
    scheme,
    isRolledOut,
    files,
    runtime: { onnxruntime: trial.host.onnxruntime, options: trial.options, settings: runtimeSettings(trial.options) },
    serving,
    labels: classesOf(spec),
    preprocessing: preprocessingOf(spec),
    answer: answerOf(spec),
    figures: expectedFigures(state),
    monitoring: monitoredFigures(state, isRolledOut),
    host: trial.host,
    evidence: [
      ...evidenceFiles(state),
      { id: 'trial', what: `${id}: its whole measurement`, path: `trials/${trial.key}.json`, sha256: null },
      ...files.map(({ role, what, file }) => ({
        id: `file-${role}`,
        what,
        path: `artifacts/${file.uri}`,
        sha256: file.sha256,
      })),
    ],
  };
}

const POOLED: Record<string, string> = {
  mean: 'the mean of the output’s vectors over the tokens that the attention mask keeps',
  cls: 'the output’s vector of the first token',
  none: 'the output itself',
};

function answerOf({ model, quality: { evaluator } }: Spec): string | undefined {
  if (model.task === 'question-answering')
    return `The answer is the part of the context with the largest sum of the start logit of its first token and the end logit of its last one, at most ${model.maximumAnswerTokens} tokens long; of equal ones the first.`;
  if (model.task === 'embeddings')
    return `A text's vector is ${POOLED[model.pooling]}${model.normalize ? ', brought to length 1: similarity is the cosine.' : ', as long as it is: similarity is the scalar product.'}`;
  return evaluator && `What the outputs mean is ${evaluator.entryPoint}'s to say, the evaluator that scored them.`;
}

function preprocessingOf({ model }: Spec): Preprocessing {
  const { task } = model;
  if (model.task === 'image-classification') return { task, ...model.image };
  const { maxLength, padding } = model;
  if (model.task === 'embeddings')
    return { task, maxLength, padding, pooling: model.pooling, normalize: model.normalize };
  if (model.task === 'question-answering')
    return { task, rows: 'question and context', maxLength, padding, maximumAnswerTokens: model.maximumAnswerTokens };
  return maxLength === undefined ? { task, rows: 'tensors as they are' } : { task, maxLength, padding };
}
