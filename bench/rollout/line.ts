import { once } from 'node:events';
import { connect } from 'node:net';

/** One keep-alive connection that POSTs the same body again and again, with as little work of its own as can be. */
export interface Line {
  /** One request; rejects where it is not answered with 200. */
  send(): Promise<void>;
  /** As many requests at once, each with lines of header of its own; the bodies of the answers, in order. */
  sendAll(headers: string[]): Promise<string[]>;
  close(): void;
}

export async function openLine(url: URL, body: string): Promise<Line> {
  const socket = connect({ port: Number(url.port), host: url.hostname, noDelay: true });
  await once(socket, 'connect');
  const length = Buffer.byteLength(body);
  const head = `POST ${url.pathname} HTTP/1.1\r\nHost: ${url.host}\r\nContent-Type: application/json\r\nContent-Length: ${length}\r\n`;
  const request = Buffer.from(`${head}\r\n${body}`);
  let read = '';
  let answers: string[] = [];
  let waiting: { for: number; resolve(answers: string[]): void; reject(error: Error): void } | undefined;
  socket.setEncoding('latin1').on('data', (text: string) => {
    read += text;
    for (let end = read.indexOf('\r\n\r\n'); end >= 0; end = read.indexOf('\r\n\r\n')) {
      const until = end + 4 + Number(/content-length: (\d+)/i.exec(read)?.[1]);
      if (read.length < until) return;
      if (!read.startsWith('HTTP/1.1 200')) return waiting?.reject(new Error(`${url} answered ${read}`));
      answers.push(read.slice(end + 4, until));
      read = read.slice(until);
    }
    if (answers.length < waiting!.for) return;
    const { resolve } = waiting!;
    waiting = undefined;
    resolve(answers);
  });
  const lost = () => waiting?.reject(new Error(`${url} closed the connection`));
  socket.on('close', lost).on('error', lost);
  const answered = (requests: number, bytes: Buffer | string) =>
    new Promise<string[]>((resolve, reject) => {
      answers = [];
      waiting = { for: requests, resolve, reject };
      socket.write(bytes);
    });
  return {
    send: async () => void (await answered(1, request)),
    sendAll: (headers) => answered(headers.length, headers.map((lines) => `${head}${lines}\r\n\r\n${body}`).join('')),
    close: () => socket.destroy(),
  };
}
