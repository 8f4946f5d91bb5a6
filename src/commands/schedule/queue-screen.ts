import { Field, ObjectType } from 'type-graphql';
import type { Context } from '../../context.js';
import { Session } from '../../entities/organisation/session.js';
import { readDb } from '../../entities/read-db.js';
import { newRowId } from '../../entities/row-id.js';
import { Instant } from '../../entities/scalars.js';
import { refusal } from '../../errors.js';
import { QUEUE_SCREEN_MINUTES, TICKET_SECONDS } from '../../limits.js';
import { hashToken, newToken } from '../organisation/sign-in.js';
import { requireActor } from '../transaction.js';

@ObjectType({ description: 'The way to the queue screen.' })
export class OpenQueueScreenPayload {
  @Field(() => String, {
    description: 'A path on this server to open in a browser: good once, and for a minute.',
  })
  path!: string;

  @Field(() => Instant, { description: 'When the path is worth nothing any more.' })
  expiresAt!: Date;
}

/** A one-time ticket to the queue screen: a session of its own that has yet to be entered. */
export async function openQueueScreen(ctx: Context): Promise<OpenQueueScreenPayload> {
  const ticket = newToken('csq');
  const expiresAt = new Date(ctx.now.getTime() + TICKET_SECONDS * 1000);
  await ctx.em.fork().insertMany(Session, [
    {
      id: newRowId(),
      personId: requireActor(ctx).id,
      accessHash: ticketHash(ticket),
      accessExpiresAt: expiresAt,
      // nobody knows it: this session is not prolonged
      refreshHash: hashToken(newToken('csr')),
      signedInAt: ctx.now,
      expiresAt: new Date(ctx.now.getTime() + QUEUE_SCREEN_MINUTES * 60_000),
    },
  ] as never[]);
  return { path: `/admin/queues/enter?ticket=${ticket}`, expiresAt };
}

/** A ticket is no access token: hashed under a name of its own, it opens nothing but the screen. */
const ticketHash = (ticket: string): string => hashToken(`queue screen ${ticket}`);

/** Spends a ticket. Answers the token of its session. @throws UNAUTHENTICATED for one that was spent or has run out */
export async function enterQueueScreen(
  ctx: Context,
  ticket: string,
): Promise<{ readonly token: string; readonly seconds: number }> {
  const token = newToken('csa');
  const { numUpdatedRows } = await readDb(ctx.em)
    .updateTable('session')
    .set((row) => ({ access_hash: hashToken(token), access_expires_at: row.ref('expires_at') }))
    .where('access_hash', '=', ticketHash(ticket))
    .where('access_expires_at', '>', ctx.now as never)
    .where('ended_at', 'is', null)
    .executeTakeFirst();
  if (numUpdatedRows !== 1n) throw refusal('UNAUTHENTICATED');
  return { token, seconds: QUEUE_SCREEN_MINUTES * 60 };
}
