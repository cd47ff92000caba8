interface ServerEvent {
  id: string | undefined;
  event: string;
  data: unknown;
}

/** Server-sent events of an address, one after the other. */
export async function readEvents(url: string, headers: Record<string, string>) {
  const end = new AbortController();
  const { body } = await fetch(url, { headers, signal: end.signal });
  const reader = body!.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  return {
    async next(): Promise<ServerEvent> {
      for (;;) {
        const [block, ...later] = rest.split('\n\n');
        if (later.length === 0) rest += (await reader.read()).value!;
        else {
          rest = later.join('\n\n');
          const field = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(block!)?.[1];
          if (field('data')) return { id: field('id'), event: field('event')!, data: JSON.parse(field('data')!) };
        }
      }
    },
    close: () => end.abort(),
  };
}
