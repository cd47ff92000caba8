import type { DeploymentGuide } from '../domain/deployment/guide.ts';
import type { ServedTensor } from '../domain/deployment/serving.ts';
import type { RuntimeSettings } from '../domain/measurement.ts';
import { cite } from './evidence.ts';
import { bytes, count } from './format.ts';
import { type Html, html } from './html.ts';
import { table } from './tables.ts';

/** Bytes that are told in megabytes too. */
const ROUNDED = 1e5;

export function files(guide: DeploymentGuide): Html {
  const { engagement } = guide;
  return html`<section aria-labelledby="files"><h2 id="files">Files</h2>
${table(
  'Nothing else is needed to serve. The evidence mark leads to where each lies.',
  [
    { title: 'File' },
    { title: 'Name here' },
    { title: 'Bytes', isNumber: true },
    { title: 'SHA-256', className: 'reason' },
  ],
  guide.files.map(({ role, what, name, file }) => ({
    cells: [
      html`${what}${cite(guide, `file-${role}`)}`,
      html`<code>${name}</code>`,
      html`${count(file.bytes)}${file.bytes >= ROUNDED && html`<small>${bytes(file.bytes)}</small>`}`,
      html`<code>${file.sha256}</code>`,
    ],
    isChosen: role === 'model',
  }))
)}
<p>Copy them from the data directory, or take each from the API under <code>/api/artifacts/</code> and its SHA-256; <code>npx stepdown export ${engagement}</code> copies the model with its recipe.</p>
<pre><code>${guide.files.map(({ name, file }) => `cp artifacts/${file.uri} ${name}\n`)}</code></pre></section>`;
}

const PROVIDERS: Record<RuntimeSettings['executionProviders'][number], string> = {
  cpu: 'CPUExecutionProvider',
  cuda: 'CUDAExecutionProvider',
  tensorrt: 'TensorrtExecutionProvider',
};

export function runtime({ runtime, files }: DeploymentGuide): Html {
  const { onnxruntime, settings } = runtime;
  const { executionProviders, intraOpNumThreads, interOpNumThreads, allowSpinning } = settings;
  const providers = executionProviders.map((provider) => PROVIDERS[provider]);
  const model = files.find(({ role }) => role === 'model')!.name;
  return html`<section aria-labelledby="runtime"><h2 id="runtime">Runtime</h2>
<p>Every figure was measured, and the gateway serves, with these options; others give other figures, and other versions may give other answers.</p>
<dl class="terms">
<dt>ONNX Runtime</dt><dd>${onnxruntime}</dd>
<dt>Execution providers</dt><dd>${providers.join(', then ')}</dd>
<dt>Threads</dt><dd>${intraOpNumThreads} within an operator, ${interOpNumThreads} between operators; ${allowSpinning === '1' ? 'they spin while idle' : 'they do not spin while idle'}</dd>
<dt>Graph optimization</dt><dd>${settings.graphOptimizationLevel}</dd>
<dt>Batch</dt><dd>one row a request</dd>
<dt>Environment</dt><dd><code>ORT_DISABLE_TELEMETRY=1</code>, or ONNX Runtime reports its use to its maker where the build does</dd>
</dl>
<pre><code>import onnxruntime as ort  # ${onnxruntime}

options = ort.SessionOptions()
options.intra_op_num_threads = ${intraOpNumThreads}
options.inter_op_num_threads = ${interOpNumThreads}
options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_ALL
options.add_session_config_entry("session.intra_op.allow_spinning", "${allowSpinning}")
options.add_session_config_entry("session.inter_op.allow_spinning", "${allowSpinning}")
session = ort.InferenceSession(${JSON.stringify(model)}, options, providers=[${providers.map((name) => JSON.stringify(name)).join(', ')}])</code></pre></section>`;
}

export function signature(guide: DeploymentGuide): Html {
  const { serving, preprocessing, answer } = guide;
  return html`<section aria-labelledby="signature"><h2 id="signature">Inputs and outputs</h2>
${tensors('Read from the file by ONNX Runtime; a named dimension is open.', serving)}
${
  serving.fallback
    ? tensors(html`<strong>FP32 differs</strong>: a server that goes back must change these too.`, serving.fallback)
    : html`<p>FP32 takes and gives the same, so that going back changes the file only.</p>`
}
<h3>From a row to tensors</h3>
<dl class="terms">${Object.entries(preprocessing).map(([name, value]) => html`<dt>${name}</dt><dd>${typeof value === 'string' ? value : JSON.stringify(value)}</dd>`)}</dl>
${answer && html`<h3>From outputs to an answer</h3><p>${answer}</p>`}</section>`;
}

function tensors(
  caption: Html | string,
  { inputs, outputs }: { inputs: ServedTensor[]; outputs: ServedTensor[] }
): Html {
  const row = (kind: string) => (tensor: ServedTensor) => ({
    cells: [
      html`<code>${tensor.name}</code>`,
      kind,
      tensor.type,
      tensor.datatype,
      html`<code>[${tensor.shape.join(', ')}]</code>`,
    ],
  });
  return table(
    caption,
    [{ title: 'Name' }, { title: '' }, { title: 'ONNX type' }, { title: 'Protocol v2' }, { title: 'Shape' }],
    [...inputs.map(row('input')), ...outputs.map(row('output'))]
  );
}

export function labels({ labels: names }: DeploymentGuide): Html | undefined {
  if (names.length === 0) return undefined;
  return html`<section aria-labelledby="labels"><h2 id="labels">Classes</h2>
<p>The largest logit names the class; ${names.length} in the order of the logits, from 0.</p>
<p>${names.map((name, index) => html`${index > 0 && ', '}${index} <code>${name}</code>`)}</p></section>`;
}
