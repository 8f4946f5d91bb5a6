import type { AddressInfo } from 'node:net';
import PostalMime, { type Email } from 'postal-mime';
import { SMTPServer } from 'smtp-server';

export interface ReceivedMail extends Email {
  readonly raw: string;
}

/** What the server does with the next mails: takes them, refuses them with a code, or never answers. */
type Mood =
  | { readonly does: 'take' }
  | {
      readonly does: 'refuse';
      readonly at: 'receiver' | 'data';
      readonly code: number;
      readonly text: string;
    }
  | { readonly does: 'hang' };

export interface MailServer {
  readonly port: number;
  readonly mails: ReceivedMail[];
  mood: Mood;
  /** Called when a mail has been taken, before the sender is told. */
  onTaken: (() => Promise<void>) | null;
  close(): Promise<void>;
}

/** A real SMTP server on loopback that keeps what it takes, parsed. */
export async function mailServer(): Promise<MailServer> {
  const mails: ReceivedMail[] = [];
  const refused = (code: number, text: string): Error =>
    Object.assign(new Error(text), { responseCode: code });
  const take = async (raw: Buffer, taken: (error: null) => void): Promise<void> => {
    mails.push({ ...(await PostalMime.parse(raw)), raw: raw.toString('latin1') });
    await self.onTaken?.();
    taken(null);
  };
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS', 'AUTH'],
    disableReverseLookup: true,
    onRcptTo(_address, _session, callback) {
      const { mood } = self;
      if (mood.does === 'hang') return;
      callback(mood.does === 'refuse' && mood.at === 'receiver' ? refused(mood.code, mood.text) : null);
    },
    onData(stream, _session, callback) {
      const parts: Buffer[] = [];
      stream.on('data', (part: Buffer) => parts.push(part));
      stream.on('end', () => {
        const { mood } = self;
        if (mood.does === 'refuse') return callback(refused(mood.code, mood.text));
        void take(Buffer.concat(parts), callback);
      });
    },
  });
  server.on('error', () => undefined);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const self: MailServer = {
    port: (server.server.address() as AddressInfo).port,
    mails,
    mood: { does: 'take' },
    onTaken: null,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
  return self;
}
