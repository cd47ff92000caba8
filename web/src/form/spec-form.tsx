import { type FormEvent, useEffect, useRef, useState } from 'react';
import type { SpecProblem } from '../../../src/domain/spec-problems.ts';
import { suggestedSpec } from '../../../src/domain/suggested-spec.ts';
import type { Written } from '../../../src/server/routes/specifications.ts';
import { newKey, post, type Refused } from '../api.ts';
import { useLoaded } from '../live.ts';
import { Alert, Refusal, useSending } from '../parts.tsx';
import { Field, type FormState } from './fields.tsx';
import { type Path, type Schema, withValue } from './schema.ts';

const SUGGESTED = Object.keys(suggestedSpec());
const PAUSE_MS = 300; // between two keys of somebody who types

/** The specification field by field; the server's own schema is both what is asked and what checks the answers. */
export function SpecForm({
  onSaved,
  onChanged,
}: {
  onSaved: (spec: string, engagement: string) => void;
  /** What was saved is no longer what is shown. */
  onChanged: () => void;
}) {
  const { value, trouble } = useLoaded<{ schema: Schema }>('/api/specifications/schema');
  const [document, setDocument] = useState<unknown>(suggestedSpec);
  const [spec, setSpec] = useState('');
  const [touched, setTouched] = useState<ReadonlySet<string>>(new Set());
  const [showsAll, setShowsAll] = useState(false);
  const checked = useChecked(spec, document);
  const replaces = useRef<string>(undefined);
  const saving = useSending((key) =>
    post<Written>('/api/specifications', { spec, document, save: true, replaces: replaces.current }, key)
  );
  if (!value) return <>{trouble ? <Refusal trouble={trouble} /> : <p>Loading…</p>}</>;
  const problems = checked.problems;
  // what was said of an older answer would appear under the pointer that goes on to the next field, and move it away
  const isAsChecked = (path: string) => valueAt(document, path) === valueAt(checked.document, path);
  const form: FormState = {
    document,
    change: (path: Path, changed: unknown) => {
      setDocument((before: unknown) => withValue(before, path, changed));
      onChanged();
    },
    touch: (path) => setTouched((before) => new Set([...before, path])),
    problemAt: (path) =>
      (showsAll || touched.has(path)) && isAsChecked(path)
        ? problems.find((problem) => problem.path === path)?.message
        : undefined,
    isWrongBelow: (path) =>
      showsAll && problems.some((problem) => problem.path === path || problem.path.startsWith(`${path}.`)),
  };
  const save = async (event: FormEvent) => {
    event.preventDefault();
    setShowsAll(true);
    const written = await saving.send();
    if (!written) return;
    replaces.current = written.sha256;
    onSaved(spec, String((document as { engagement: unknown }).engagement));
  };
  const sections = Object.entries(value.schema.properties ?? {});
  const needed = [...(value.schema.required ?? []), ...SUGGESTED];
  const section = ([key, schema]: [string, Schema]) => (
    <Field key={key} schema={schema} path={[key]} form={form} isRequired={needed.includes(key)} />
  );
  return (
    <div className="beside">
      <form onSubmit={(event) => void save(event)} className="stacked spec" noValidate>
        <div className="field">
          <label htmlFor="spec">Save as</label>
          <small className="hint">
            a path in the server's folder, such as newswire/engagement.yaml; files are named from there
          </small>
          <input
            id="spec"
            value={spec}
            spellCheck={false}
            autoComplete="off"
            aria-invalid={form.problemAt('spec') !== undefined}
            aria-describedby="spec-problem"
            onBlur={() => form.touch('spec')}
            onChange={({ target }) => {
              setSpec(target.value);
              replaces.current = undefined;
              onChanged();
            }}
          />
          <p className="problem" id="spec-problem">
            {form.problemAt('spec')}
          </p>
        </div>
        {sections.filter(([key]) => needed.includes(key)).map(section)}
        <details open={form.isWrongBelow('economics') || undefined}>
          <summary>What is optional: slices, money, load test, search, training, support</summary>
          {sections.filter(([key]) => !needed.includes(key)).map(section)}
        </details>
        <Elsewhere problems={showsAll ? problems : []} />
        {saving.trouble && <Alert>{saving.trouble.message}</Alert>}
        <button type="submit" disabled={saving.isSending}>
          {saving.isSending ? 'Saving…' : 'Save the specification'}
        </button>
      </form>
      <section className="preview" aria-labelledby="preview">
        <h2 id="preview">The file</h2>
        <p role="status">
          {problems.length === 0 && checked.yaml
            ? 'In order, with all its files.'
            : `${problems.length} ${problems.length === 1 ? 'thing is' : 'things are'} missing or wrong.`}
        </p>
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached with the keyboard */}
        <pre tabIndex={0}>
          <code>{checked.yaml}</code>
        </pre>
      </section>
    </div>
  );
}

/** Problems of keys that have no field of their own, such as a whole list. */
function Elsewhere({ problems }: { problems: SpecProblem[] }) {
  const homeless = problems.filter(({ path }) => !globalThis.document.getElementById(path));
  if (homeless.length === 0) return null;
  return (
    <ul className="problem">
      {homeless.map(({ path, message }) => (
        <li key={path + message}>
          <code>{path}</code>: {message}
        </li>
      ))}
    </ul>
  );
}

const valueAt = (document: unknown, path: string): unknown =>
  path.split('.').reduce<unknown>((value, key) => (value as Record<string, unknown> | undefined)?.[key], document);

interface Checked {
  yaml: string;
  problems: SpecProblem[];
  /** The document of which this was said. */
  document: unknown;
}

/** What the server says of the document as it stands, shortly after the last key. */
function useChecked(spec: string, document: unknown): Checked {
  const [checked, setChecked] = useState<Checked>({ yaml: '', problems: [], document });
  useEffect(() => {
    let isOld = false;
    const timer = setTimeout(() => {
      post<Written>('/api/specifications', { spec: spec || 'engagement.yaml', document }, newKey()).then(
        (answer) => {
          const unnamed = spec ? [] : [{ path: 'spec', message: 'is missing; say where to save it' }];
          if (!isOld) setChecked({ ...answer, problems: [...unnamed, ...answer.problems], document });
        },
        ({ problems, message }: Refused) => {
          const said = problems.length > 0 ? problems : [{ path: 'spec', message }];
          if (!isOld) setChecked(({ yaml }) => ({ yaml, problems: said, document }));
        }
      );
    }, PAUSE_MS);
    return () => {
      isOld = true;
      clearTimeout(timer);
    };
  }, [spec, document]);
  return checked;
}
