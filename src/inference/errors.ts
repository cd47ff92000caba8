/** The child with the session ended before it answered: killed, out of memory, or crashed in native code. */
export class HostDied extends Error {
  override readonly name = 'HostDied';
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;

  constructor(exit: { code: number | null; signal: NodeJS.Signals | null; lastWords: string }) {
    const how = exit.signal ? `killed by ${exit.signal}` : `exit code ${exit.code}`;
    super(`the inference host died (${how})${exit.lastWords ? `: ${exit.lastWords}` : ''}`);
    this.code = exit.code;
    this.signal = exit.signal;
  }
}

/** ONNX Runtime refused the file; another attempt would end the same way. */
export class ModelLoadFailed extends Error {
  override readonly name = 'ModelLoadFailed';
}

/** The session refused these inputs or failed on them; the host lives on. */
export class ModelRunFailed extends Error {
  override readonly name = 'ModelRunFailed';
}

/** The model answered, but with something that is not a classification: NaN, infinity or the wrong shape. */
export class ModelOutputInvalid extends Error {
  override readonly name = 'ModelOutputInvalid';
}

/** The Arrow file is not what its manifest promised. */
export class DatasetInvalid extends Error {
  override readonly name = 'DatasetInvalid';
}
