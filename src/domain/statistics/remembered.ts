const MOST_KNOWN = 200;

/**
 * The function, with what it came to for up to 200 arguments: the gateway asks after every answer with the same few,
 * and logarithms are dear. Numbers are compared as they are, for a key of text takes longer than most of what it saves.
 */
export function remembered<R>(make: (a: number, b: number, c: number) => R): (a: number, b: number, c?: number) => R {
  const known: { a: number; b: number; c: number; result: R }[] = [];
  return (a, b, c = 0) => {
    for (const one of known) if (one.a === a && one.b === b && one.c === c) return one.result;
    const result = make(a, b, c);
    if (known.length >= MOST_KNOWN) known.length = 0; // a long-lived process would collect those of old rollouts
    known.push({ a, b, c, result });
    return result;
  };
}
