import { useState } from 'react';
import type { DryLap as Lap } from '../../src/cli/dry-lap.ts';
import { durationLines } from '../../src/report/expected-duration.ts';
import { bytes, count, decimal } from '../../src/report/format.ts';
import { post } from './api.ts';
import { Chip, Heads, Refusal, useSending } from './parts.tsx';
import { go } from './route.tsx';

/** A specification that is written: what it can be expected to do, and the button that begins it. */
export function KickOff({ spec, engagement }: { spec: string; engagement: string }) {
  const [lap, setLap] = useState<Lap | undefined>();
  const trying = useSending((key) => post<Lap>('/api/specifications/dry-lap', { spec }, key));
  const starting = useSending((key) => post<{ engagement: string }>('/api/engagements', { spec }, key));
  const start = async () => {
    const started = await starting.send();
    if (started) go(`/engagements/${started.engagement}`);
  };
  return (
    <div className="confirm">
      <p role="status">
        The specification of <strong>{engagement}</strong> and its files are in order.
      </p>
      {lap && <Shown lap={lap} />}
      <div className="buttons">
        <button
          type="button"
          className={lap ? 'plain' : ''}
          disabled={trying.isSending}
          onClick={() => void trying.send().then((done) => done && setLap(done))}
        >
          {trying.isSending ? 'Preparing the rows, running a few…' : lap ? 'Try again' : 'Try a dry lap'}
        </button>
        <button type="button" disabled={starting.isSending} onClick={() => void start()}>
          {starting.isSending ? 'Checking model and rows…' : `Kick off ${engagement}`}
        </button>
      </div>
      <Refusal trouble={trying.trouble ?? starting.trouble} />
    </div>
  );
}

function Shown({ lap: { model, data, checks, rowMs, duration } }: { lap: Lap }) {
  const tensors = (list: Lap['model']['inputs']) =>
    list.map(({ name, type, shape }) => `${name} ${type}[${shape.join(', ')}]`).join('; ');
  return (
    <section aria-labelledby="lap">
      <h2 id="lap">Dry lap</h2>
      <p>Nothing was started or kept.</p>
      <dl className="facts">
        <dt>Model</dt>
        <dd>
          {bytes(model.bytes)}, {count(model.parameters)} parameters, opset {model.opset}
        </dd>
        <dt>Takes</dt>
        <dd>{tensors(model.inputs)}</dd>
        <dt>Gives</dt>
        <dd>{tensors(model.outputs)}</dd>
      </dl>
      <table className="stack" aria-label="Rows by role">
        <Heads titles={['Role', 'Rows', 'Classes', 'Certify a margin of']} words={['Role']} />
        <tbody>
          {data.map(({ role, rows, classes, certifiesPoints }) => (
            <tr key={role}>
              <th scope="row">{role}</th>
              <td data-label="Rows" className="n">
                {count(rows)}
              </td>
              <td data-label="Classes" className="n">
                {count(classes)}
              </td>
              <td data-label="Certify a margin of" className="n">
                {certifiesPoints === null ? '' : `${decimal(certifiesPoints, 2)} points`}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      <ul className="checks">
        {checks.map(({ name, verdict, reason }) => (
          <li key={name}>
            <Chip verdict={verdict} /> {reason}
          </li>
        ))}
      </ul>
      <h3>How long it takes</h3>
      <ul>
        {durationLines(duration, rowMs).map((line) => (
          <li key={line}>{line}</li>
        ))}
      </ul>
    </section>
  );
}
