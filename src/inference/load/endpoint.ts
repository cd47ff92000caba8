import { type JsonTensor, readFloats, typeOf, writeTensor } from '../open-inference.ts';
import type { TensorDeclaration, TensorValue } from '../protocol.ts';

/** A model behind the Open Inference Protocol v2. */
interface Endpoint {
  inputs: TensorDeclaration[];
  bodyOf(feeds: Record<string, TensorValue>): string;
  /** Its floating-point outputs; rejects with the server's own words. */
  infer(body: string): Promise<Record<string, TensorValue>>;
}

interface Metadata {
  inputs: { name: string; datatype: string; shape: number[] }[];
}

/** Asks an endpoint for the model's inputs; rejects when it does not answer or does not know the model. */
export async function connectEndpoint({ url, model }: { url: string; model: string }): Promise<Endpoint> {
  const at = `${url.replace(/\/$/, '')}/v2/models/${encodeURIComponent(model)}`;
  const { inputs } = await json<Metadata>(at);
  return {
    inputs: inputs.map(({ name, datatype, shape }) => ({
      name,
      type: typeOf(datatype),
      shape: shape.map((dim) => (dim < 0 ? '?' : dim)),
    })),
    bodyOf: (feeds) =>
      JSON.stringify({ inputs: Object.entries(feeds).map(([name, value]) => writeTensor(name, value)) }),
    async infer(body) {
      const { outputs } = await json<{ outputs: JsonTensor[] }>(`${at}/infer`, body);
      return readFloats(outputs);
    },
  };
}

async function json<T>(url: string, body?: string): Promise<T> {
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(url, body === undefined ? {} : { method: 'POST', headers, body }).catch(
    (error: Error) => {
      const cause = error.cause instanceof Error ? error.cause.message : error.message;
      throw new Error(`${url} does not answer: ${cause}`, { cause: error });
    }
  );
  const text = await response.text();
  if (!response.ok) throw new Error(`${url} answered ${response.status}: ${text.slice(0, 300)}`);
  return JSON.parse(text) as T;
}
