import { type ReactNode, useState } from 'react';
import { merged, type Path, type Schema, textOf, typedValue } from './schema.ts';
import { titleOf } from './titles.ts';

export interface FormState {
  document: unknown;
  change: (path: Path, value: unknown) => void;
  /** What is wrong at this very path; nothing before the field was touched. */
  problemAt: (path: string) => string | undefined;
  /** Whether something below it is wrong. */
  isWrongBelow: (path: string) => boolean;
  touch: (path: string) => void;
}

interface FieldProps {
  schema: Schema;
  path: Path;
  form: FormState;
  isRequired?: boolean;
}

const at = (document: unknown, path: Path): unknown =>
  path.reduce<unknown>((value, key) => (value as Record<string, unknown> | undefined)?.[key], document);

const isObject = ({ properties }: Schema) => properties !== undefined;

/** One key of the specification, and what is below it, as its schema says. */
export function Field(props: FieldProps): ReactNode {
  const schema = merged(props.schema);
  const rest = { ...props, schema };
  if ('const' in schema) return null; // there is one answer, and the document has it
  if (isObject(schema)) return <Group {...rest} />;
  if (schema.type === 'array' && schema.items && isObject(merged(schema.items))) return <List {...rest} />;
  if (schema.type === 'array' && schema.items?.enum) return <Choices {...rest} options={schema.items.enum} />;
  return <Single {...rest} />;
}

/** The keys of an object; those that may be left out are folded away until they are wanted or wrong. */
function Group({ schema, path, form }: FieldProps) {
  const title = titleOf(path);
  const hint = schema.description;
  const entries = Object.entries(schema.properties!);
  const isNeeded = ([key]: [string, Schema]) =>
    (schema.required ?? []).includes(key) || at(form.document, [...path, key]) !== undefined;
  const [always] = useState(() => entries.filter(isNeeded).map(([key]) => key)); // a field stays where it was
  const more = entries.filter(([key]) => !always.includes(key));
  const isWrong = more.some(([key]) => form.isWrongBelow([...path, key].join('.')));
  const fields = (shown: [string, Schema][]) =>
    shown.map(([key, each]) => (
      <Field
        key={key}
        schema={each}
        path={[...path, key]}
        form={form}
        isRequired={(schema.required ?? []).includes(key)}
      />
    ));
  const isItem = typeof path.at(-1) === 'number';
  return (
    <fieldset>
      <legend>{isItem ? `${title} ${Number(path.at(-1)) + 1}` : title}</legend>
      {hint && !isItem && <small className="hint">{hint}</small>}
      {fields(entries.filter(([key]) => always.includes(key)))}
      {more.length > 0 && (
        <details open={isWrong || always.length === 0 || undefined}>
          <summary>{always.length > 0 ? 'More' : 'All optional'}</summary>
          {fields(more)}
        </details>
      )}
    </fieldset>
  );
}

function List({ schema, path, form }: FieldProps) {
  const title = titleOf(path);
  const items = (at(form.document, path) as unknown[] | undefined) ?? [];
  return (
    <div className="list">
      {items.map((_, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: an item has no other name
        <div key={index}>
          <Field schema={schema.items!} path={[...path, index]} form={form} />
          <button type="button" className="plain" onClick={() => form.change([...path, index], undefined)}>
            Remove {title.toLowerCase()} {index + 1}
          </button>
        </div>
      ))}
      <button type="button" className="plain" onClick={() => form.change([...path, items.length], {})}>
        Add to {title.toLowerCase()}
      </button>
      <Problem path={path} form={form} />
    </div>
  );
}

function Choices({ path, form, options }: FieldProps & { options: string[] }) {
  const title = titleOf(path);
  const chosen = (at(form.document, path) as string[] | undefined) ?? [];
  return (
    <fieldset>
      <legend>{title}</legend>
      {options.map((option) => (
        <label key={option} className="choice">
          <input
            type="checkbox"
            checked={chosen.includes(option)}
            onChange={({ target }) => {
              const next = options.filter((each) => (each === option ? target.checked : chosen.includes(each)));
              form.change(path, next.length > 0 ? next : undefined);
            }}
          />
          {option}
        </label>
      ))}
      <Problem path={path} form={form} />
    </fieldset>
  );
}

function Single({ schema, path, form, isRequired }: FieldProps) {
  const name = path.join('.');
  const title = titleOf(path);
  const hint = schema.description;
  const value = at(form.document, path);
  const [typed, setTyped] = useState(() => textOf(value)); // what is typed stays as it was typed
  const wrong = form.problemAt(name) !== undefined;
  const common = {
    id: name,
    'aria-invalid': wrong,
    'aria-describedby': wrong ? `${name}-problem` : undefined,
    onBlur: () => form.touch(name),
  };
  const usual = schema.default === undefined ? '' : textOf(schema.default);
  const control =
    schema.type === 'boolean' ? (
      <select {...common} value={textOf(value)} onChange={({ target }) => form.change(path, truth(target.value))}>
        <option value="">{usual ? `as usual: ${usual === 'true' ? 'yes' : 'no'}` : ''}</option>
        <option value="true">yes</option>
        <option value="false">no</option>
      </select>
    ) : schema.enum ? (
      <select
        {...common}
        value={textOf(value)}
        onChange={({ target }) => form.change(path, typedValue(target.value, schema))}
      >
        {(!isRequired || value === undefined) && <option value="">{usual && `as usual: ${usual}`}</option>}
        {schema.enum.map((option) => (
          <option key={option}>{option}</option>
        ))}
      </select>
    ) : (
      <input
        {...common}
        value={typed}
        placeholder={usual}
        spellCheck={false}
        autoComplete="off"
        onChange={({ target }) => {
          setTyped(target.value);
          form.change(path, typedValue(target.value, schema));
        }}
      />
    );
  return (
    <div className="field">
      <label htmlFor={name}>{title}</label>
      {hint && <small className="hint">{hint}</small>}
      {control}
      <Problem path={path} form={form} />
    </div>
  );
}

const truth = (text: string) => (text === '' ? undefined : text === 'true');

function Problem({ path, form }: { path: Path; form: FormState }) {
  const problem = form.problemAt(path.join('.'));
  if (!problem) return null;
  return (
    <p className="problem" id={`${path.join('.')}-problem`}>
      {problem}
    </p>
  );
}
