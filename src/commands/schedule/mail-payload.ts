import { z } from 'zod';

/** Kind of the timer that makes a person's digest, and the beginning of a digest's key. */
export const MAIL_DIGEST = 'mail-digest';

/** Payload of an outbox message on the channel `mail`: one message, or all those of a digest. */
export const mailPayload = z.union([
  z.object({ digest: z.string().min(1) }),
  z.object({
    kind: z.string().min(1).max(40),
    textEn: z.string().min(1),
    textZh: z.string().min(1),
    requestId: z.guid().nullable(),
    /** Key of the step that it is about. */
    step: z.string().nullable(),
  }),
]);
export type MailPayload = z.infer<typeof mailPayload>;
