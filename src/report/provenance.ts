import type { ClosingDocument } from '../domain/engagement.ts';
import { titled } from '../domain/tasks.ts';
import { metricOf } from './chosen.ts';
import { bytes, count, instant, trimmed } from './format.ts';
import { type Html, html } from './html.ts';
import { termsOf } from './metric-terms.ts';
import { whyMissing } from './missing.ts';
import { absent, time } from './tables.ts';

export function environment(document: ClosingDocument): Html {
  const { host, toolkitVersions } = document;
  const title = html`<h2 id="environment">Environment</h2>`;
  if (!host)
    return html`<section aria-labelledby="environment">${title}<p>${absent(`No host was recorded: ${whyMissing(document, 'baseline')}`)}</p></section>`;
  const versions = Object.entries(toolkitVersions ?? {}).map(([name, version]) => `${name} ${version}`);
  return html`<section aria-labelledby="environment">${title}
<p>Every figure above was measured on this host; on another one latency, throughput and memory differ.</p>
<dl class="terms">
<dt>Processor</dt><dd>${host.cpuModel}, ${count(host.cores)} cores</dd>
<dt>Instruction sets</dt><dd>${host.instructionSets.length > 0 ? host.instructionSets.join(', ') : 'none of those that quantization uses'}</dd>
<dt>Memory</dt><dd>${bytes(host.memoryBytes)}</dd>
<dt>GPU</dt><dd>${host.gpu ?? 'none'}</dd>
<dt>Platform</dt><dd>${host.platform}</dd>
<dt>ONNX Runtime</dt><dd>${host.onnxruntime}</dd>
<dt>Node</dt><dd>${host.node}</dd>
${versions.length > 0 && html`<dt>Toolkit</dt><dd>${versions.join(', ')}</dd>`}
<dt>Measured between</dt><dd>${time(document.startedAt, instant(document.startedAt))} and ${time(document.endedAt, instant(document.endedAt))}</dd>
</dl></section>`;
}

export function verification({ engagement, journal, report }: ClosingDocument): Html {
  return html`<section aria-labelledby="verification"><h2 id="verification">How to verify this report</h2>
<p>The journal records every measurement, verdict, decision and weight in a chain of hashes. This recomputes the chain and every verdict from the evidence files, and names the place of the first difference:</p>
<pre><code>npx stepdown verify ${engagement}</code></pre>
<dl class="terms"><dt>Journal</dt><dd><code>${journal}</code></dd><dt>This report</dt><dd><code>${report}</code></dd></dl></section>`;
}

export function terms(document: ClosingDocument): Html {
  const { quality } = document;
  const metric = metricOf(document);
  const scored = termsOf(document);
  const confidence = quality
    ? `${trimmed(quality.confidence * 100)} % one-sided confidence`
    : "the specification's confidence";
  return html`<section aria-labelledby="terms"><h2 id="terms">How to read the figures</h2>
<dl class="terms">
<dt>Verdict</dt><dd>successful: proven. failed: shown to be bad. inconclusive: not proven either way. error: it could not be measured. Only successful passes by itself.</dd>
<dt>${titled(metric)} drop</dt><dd>FP32's ${metric} less the candidate's on the same rows, in ${scored ? 'points of a hundredth' : 'percentage points'}; negative when the candidate is better. The upper bound (${scored?.bound ?? "Tango's score interval"}, ${confidence}) is what must stay below the margin.</dd>
<dt>Speed-up</dt><dd>Median FP32 latency over the candidate's, run in turns on the same inputs: the geometric mean over blocks of new processes, with Student's 95 % interval of the blocks. FP32 against itself shows what the host's noise alone makes.</dd>
<dt>Integer</dt><dd>Share of the operators with weights that really run in integer arithmetic.</dd>
${
  scored
    ? html`<dt>${titled(metric)}</dt><dd>${scored.meaning}</dd>
<dt>Changed</dt><dd>${scored.changed}</dd>`
    : html`<dt>Flips</dt><dd>Rows whose top class differs from FP32's, right or wrong.</dd>`
}
<dt>ln E</dt><dd>Evidence of a test that may be looked at after every request without inflating its error rate; it counts once it reaches its bound.</dd>
</dl></section>`;
}
