import { once } from 'node:events';
import { connect } from 'node:net';

/** One keep-alive connection that sends the same POST again and again, with as little work of its own as can be. */
export async function openLine(url: URL, body: string): Promise<{ send(): Promise<void>; close(): void }> {
  const socket = connect({ port: Number(url.port), host: url.hostname, noDelay: true });
  await once(socket, 'connect');
  const length = Buffer.byteLength(body);
  const head = `POST ${url.pathname} HTTP/1.1\r\nHost: ${url.host}\r\nContent-Type: application/json\r\nContent-Length: ${length}`;
  const request = Buffer.from(`${head}\r\n\r\n${body}`);
  let read = '';
  let waiting: { resolve(): void; reject(error: Error): void } | undefined;
  socket.setEncoding('latin1').on('data', (text: string) => {
    read += text;
    const end = read.indexOf('\r\n\r\n');
    if (end < 0 || read.length < end + 4 + Number(/content-length: (\d+)/i.exec(read)?.[1])) return;
    if (read.startsWith('HTTP/1.1 200')) waiting?.resolve();
    else waiting?.reject(new Error(`${url} answered ${read}`));
    read = '';
  });
  socket.on('close', () => waiting?.reject(new Error(`${url} closed the connection`)));
  return {
    send: () =>
      new Promise<void>((resolve, reject) => {
        waiting = { resolve, reject };
        socket.write(request);
      }),
    close: () => socket.destroy(),
  };
}
