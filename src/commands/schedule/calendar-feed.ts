import { Field, ObjectType } from 'type-graphql';
import { sql } from 'kysely';
import type { Context } from '../../context.js';
import { readDb } from '../../entities/read-db.js';
import { newRowId } from '../../entities/row-id.js';
import type { Language } from '../../errors.js';
import { hashToken, newToken } from '../organisation/sign-in.js';
import { requireActor } from '../transaction.js';

@ObjectType({ description: 'The address of a calendar feed.' })
export class CreateCalendarFeedPayload {
  @Field(() => String, {
    description:
      'A path on this server for a calendar program to subscribe to. Shown once; whoever has it reads what is due for you.',
  })
  path!: string;
}

/** Makes the actor's feed, or gives it another address: the one before is worth nothing from now on. */
export async function createCalendarFeed(ctx: Context): Promise<CreateCalendarFeedPayload> {
  const token = newToken('csf');
  const values = {
    id: newRowId(),
    person_id: requireActor(ctx).id,
    token_hash: hashToken(token),
    created_at: ctx.now,
    read_at: null,
  };
  const { token_hash, created_at, read_at } = values;
  await readDb(ctx.em)
    .insertInto('calendar_feed')
    .values(values)
    .onConflict((taken) => taken.column('person_id').doUpdateSet({ token_hash, created_at, read_at }))
    .execute();
  return { path: `/calendar/${token}.ics` };
}

/** Ends the actor's feed. False: there was none. */
export async function revokeCalendarFeed(ctx: Context): Promise<boolean> {
  const { numDeletedRows } = await readDb(ctx.em)
    .deleteFrom('calendar_feed')
    .where('person_id', '=', requireActor(ctx).id)
    .executeTakeFirst();
  return numDeletedRows > 0n;
}

export interface FeedReader {
  readonly personId: string;
  readonly language: Language;
}

/** Whose feed this is, while they are with us; notes to the hour that it was read. null: nobody's. */
export async function openCalendarFeed(ctx: Context, token: string): Promise<FeedReader | null> {
  const db = readDb(ctx.em);
  const found = await db
    .selectFrom('calendar_feed as feed')
    .innerJoin('app_user as person', 'person.id', 'feed.person_id')
    .select(['feed.id', 'person.id as personId', 'person.language'])
    .where('feed.token_hash', '=', hashToken(token))
    .where('person.active', '=', true)
    .executeTakeFirst();
  if (!found) return null;
  await db
    .updateTable('calendar_feed')
    .set({ read_at: ctx.now })
    .where('id', '=', found.id)
    .where(sql<boolean>`(read_at is null or read_at < ${ctx.now}::timestamptz - interval '1 hour')`)
    .execute();
  return { personId: found.personId, language: found.language === 'zh' ? 'zh' : 'en' };
}
