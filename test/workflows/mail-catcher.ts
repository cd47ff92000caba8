import { SMTPServer, type SMTPServerOptions } from 'smtp-server';

/** A real SMTP server on a free port, with the last mail that each address got, readable. */
export async function catchMails(options: SMTPServerOptions) {
  const mails = new Map<string, string>();
  const server = new SMTPServer({
    authOptional: true,
    logger: false,
    onData(stream, { envelope }, done) {
      let text = '';
      stream
        .on('data', (chunk: Buffer) => {
          text += chunk;
        })
        .on('end', () => {
          for (const { address } of envelope.rcptTo)
            mails.set(address, text.replaceAll('=\r\n', '').replaceAll('=3D', '='));
          done();
        });
    },
    ...options,
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.server.address() as { port: number };
  return { mails, port, close: () => new Promise<void>((resolve) => server.close(resolve)) };
}
