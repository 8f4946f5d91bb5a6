import { createTransport } from 'nodemailer';
import { SEND_TIMEOUT_MS, SENDS_AT_ONCE } from '../../limits.js';
import { PermanentFailure } from './channels.js';
import type { Mail, SendMail } from './send-mail.js';

export interface SmtpSettings {
  readonly host: string;
  readonly port: number;
  /** `implicit`: TLS from the first byte. `required`: STARTTLS or nothing. `offered`: STARTTLS where the server has it. */
  readonly tls: 'implicit' | 'required' | 'offered' | 'none';
  readonly login: { readonly user: string; readonly password: string } | null;
  /** Sender, such as `Countersign <noreply@example.com>`. */
  readonly from: string;
  /** Time for each answer of the server, in milliseconds. */
  readonly timeoutMs?: number;
}

/** A mail server, reached through a few connections that are kept. */
export function openSmtp(settings: SmtpSettings): { readonly send: SendMail; close(): void } {
  const { host, port, tls, login, from, timeoutMs = SEND_TIMEOUT_MS } = settings;
  const transport = createTransport(
    {
      pool: true,
      host,
      port,
      secure: tls === 'implicit',
      requireTLS: tls === 'required',
      ignoreTLS: tls === 'none',
      ...(login === null ? {} : { auth: { user: login.user, pass: login.password } }),
      maxConnections: SENDS_AT_ONCE,
      // Trying again is the outbox's: it knows what was tried, and when.
      maxRequeues: 0,
      connectionTimeout: timeoutMs,
      greetingTimeout: timeoutMs,
      socketTimeout: timeoutMs,
      dnsTimeout: timeoutMs,
      disableFileAccess: true,
      disableUrlAccess: true,
    },
    { from },
  );
  // An idle connection that breaks belongs to no mail.
  transport.on('error', () => undefined);
  return {
    async send({ to, subject, text, html, messageId }: Mail, signal) {
      try {
        await transport.sendMail({
          to,
          subject,
          text,
          html,
          messageId,
          headers: { 'Auto-Submitted': 'auto-generated', 'X-Auto-Response-Suppress': 'All' },
          signal,
        });
      } catch (error) {
        throw isRefusedForGood(error) ? new PermanentFailure((error as Error).message) : error;
      }
    },
    close: () => transport.close(),
  };
}

/**
 * 5xx about this receiver or this mail. One about us (the login, the greeting, the sender) is the operator's to mend, and
 * would park every mail at once.
 */
function isRefusedForGood(error: unknown): boolean {
  const { responseCode, command } = error as { responseCode?: number; command?: string };
  return (
    responseCode !== undefined &&
    responseCode >= 500 &&
    responseCode < 600 &&
    (command === 'RCPT TO' || command === 'DATA')
  );
}
